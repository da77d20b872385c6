/** `solvent completion`: a script that asks `solvent __complete` what may come next. */
import type { Invocation } from '../command.ts'
import { EXIT, usageError } from '../exit.ts'

const BASH = `# solvent completion for bash: source <(solvent completion bash)
_solvent() {
  local cur=\${COMP_WORDS[COMP_CWORD]} lines last
  lines=$(solvent __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
  last=\${lines##*$'\\n'}
  lines=\${lines%"$last"}
  # bash splits at "=" and ":": what was typed before them is no part of the word.
  [[ $cur == = ]] && cur=
  COMPREPLY=($(compgen -W "$lines" -- "$cur"))
  [[ $last == :0 && \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "$cur"))
  [[ \${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -o filenames -F _solvent solvent
`

const ZSH = `#compdef solvent
# solvent completion for zsh: source <(solvent completion zsh)
_solvent() {
  local -a lines
  lines=("\${(@f)$(solvent __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  local directive=\${lines[-1]}
  lines=("\${(@)lines[1,-2]}")
  if (( \${#lines} )) && [[ -n \${lines[1]} ]]; then
    compadd -- "\${lines[@]}"
  elif [[ $directive == ":0" ]]; then
    _files
  fi
}
(( $+functions[compdef] )) && compdef _solvent solvent
`

const FISH = `# solvent completion for fish: solvent completion fish | source
function __solvent_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l lines (solvent __complete $words[2..-1] 2>/dev/null)
  set -l directive $lines[-1]
  set -e lines[-1]
  if test (count $lines) -gt 0
    printf '%s\\n' $lines
  else if test "$directive" = ":0"
    __fish_complete_path (commandline -ct)
  end
end
complete -c solvent -f -a '(__solvent_complete)'
`

const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH }

export async function run({ args, terminal }: Invocation): Promise<number> {
  const script = SCRIPTS[args[0] ?? '']
  if (!script || args.length > 1) throw usageError('name your shell: solvent completion bash, zsh or fish')
  await terminal.write(script)
  return EXIT.ok
}
