/** Rules that a kube-apiserver of v1.37.2 was asked to compile, and what it said (`''`: it took them). */
import { expect, test } from 'vitest'
import { compileExpression } from './program.ts'
import { schemaType } from './schema-type.ts'
import type { CelType } from './types.ts'

const SELF = schemaType(
  {
    type: 'object',
    properties: {
      n: { type: 'integer' },
      x: { type: 'number' },
      s: { type: 'string' },
      b: { type: 'boolean' },
      list: { type: 'array', items: { type: 'integer' } },
      names: { type: 'array', items: { type: 'string' } },
      map: { type: 'object', additionalProperties: { type: 'integer' } },
      port: { 'x-kubernetes-int-or-string': true },
      items: { type: 'array', items: { type: 'object', properties: { v: { type: 'integer' } } } },
    },
  },
  'self',
) as CelType

function verdict(rule: string): string {
  const compiled = compileExpression(
    rule,
    new Map([
      ['self', SELF],
      ['oldSelf', SELF],
    ]),
  )
  if ('issues' in compiled) return `compilation failed: ${compiled.issues}`
  return compiled.program.type.name === 'bool' ? '' : 'cel expression must evaluate to a bool'
}

test.each<[rule: string, answer: readonly string[]]>([
  ['"%s %d".format(["n", 3]) == ""', ['']],
  ['"%s %s".format([[1, 2], {"a": 1}]) == ""', ['']],
  [
    'self.n + self.s',
    [
      "compilation failed: ERROR: <input>:1:8: found no matching overload for '_+_' applied to '(int, string)'",
      ' | self.n + self.s',
      ' | .......^',
    ],
  ],
  [
    'self.n == 1.0',
    [
      "compilation failed: ERROR: <input>:1:8: found no matching overload for '_==_' applied to '(int, double)'",
      ' | self.n == 1.0',
      ' | .......^',
    ],
  ],
  [
    'nothing == 1',
    [
      "compilation failed: ERROR: <input>:1:1: undeclared reference to 'nothing' (in container '')",
      ' | nothing == 1',
      ' | ^',
    ],
  ],
  [
    'self.s.shout()',
    [
      "compilation failed: ERROR: <input>:1:13: undeclared reference to 'shout' (in container '')",
      ' | self.s.shout()',
      ' | ............^',
    ],
  ],
  [
    'self.s.startsWith(1)',
    [
      "compilation failed: ERROR: <input>:1:18: found no matching overload for 'startsWith' applied to 'string.(int)'",
      ' | self.s.startsWith(1)',
      ' | .................^',
    ],
  ],
  [
    'self.list.all(i, i.startsWith("a"))',
    [
      "compilation failed: ERROR: <input>:1:30: found no matching overload for 'startsWith' applied to 'int.(string)'",
      ' | self.list.all(i, i.startsWith("a"))',
      ' | .............................^',
    ],
  ],
  [
    'self.list.all(i, i + 1)',
    [
      "compilation failed: ERROR: <input>:1:20: expected type 'bool' but found 'int'",
      ' | self.list.all(i, i + 1)',
      ' | ...................^',
    ],
  ],
  [
    'self.n.all(i, true)',
    [
      "compilation failed: ERROR: <input>:1:5: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
      ' | self.n.all(i, true)',
      ' | ....^',
    ],
  ],
  [
    'self.n.x',
    [
      "compilation failed: ERROR: <input>:1:7: type 'int' does not support field selection",
      ' | self.n.x',
      ' | ......^',
    ],
  ],
  [
    '[1, "a"] == []',
    ["compilation failed: ERROR: <input>:1:5: expected type 'int' but found 'string'", ' | [1, "a"] == []', ' | ....^'],
  ],
  [
    'self.list == self.names',
    [
      "compilation failed: ERROR: <input>:1:11: found no matching overload for '_==_' applied to '(list(int), list(string))'",
      ' | self.list == self.names',
      ' | ..........^',
    ],
  ],
  [
    'self.n >',
    [
      "compilation failed: ERROR: <input>:1:9: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
      ' | self.n >',
      ' | ........^',
    ],
  ],
  ['self.n', ['cel expression must evaluate to a bool']],
  [
    'has(self)',
    ['compilation failed: ERROR: <input>:1:5: invalid argument to has() macro', ' | has(self)', ' | ....^'],
  ],
  [
    'self.list.all(1, true)',
    [
      'compilation failed: ERROR: <input>:1:15: argument must be a simple name',
      ' | self.list.all(1, true)',
      ' | ..............^',
    ],
  ],
  [
    'self.s.matches("(")',
    [
      'compilation failed: ERROR: <input>:1:16: invalid matches argument',
      ' | self.s.matches("(")',
      ' | ...............^',
    ],
  ],
  [
    'duration("1y") > duration("1s")',
    [
      'compilation failed: ERROR: <input>:1:10: invalid duration argument',
      ' | duration("1y") > duration("1s")',
      ' | .........^',
    ],
  ],
  [
    'self.q && self.z',
    [
      "compilation failed: ERROR: <input>:1:5: undefined field 'q'",
      ' | self.q && self.z',
      ' | ....^',
      "ERROR: <input>:1:15: undefined field 'z'",
      ' | self.q && self.z',
      ' | ..............^',
    ],
  ],
  [
    '{"a":1, 2: 3} == {}',
    [
      "compilation failed: ERROR: <input>:1:9: expected type 'string' but found 'int'",
      ' | {"a":1, 2: 3} == {}',
      ' | ........^',
    ],
  ],
  ['self.list.all(i, v, i < v)', ['']],
  [
    'cel.bind(x, 1, x == 1)',
    [
      "compilation failed: ERROR: <input>:1:1: undeclared reference to 'cel' (in container '')",
      ' | cel.bind(x, 1, x == 1)',
      ' | ^',
      "ERROR: <input>:1:9: undeclared reference to 'bind' (in container '')",
      ' | cel.bind(x, 1, x == 1)',
      ' | ........^',
      "ERROR: <input>:1:10: undeclared reference to 'x' (in container '')",
      ' | cel.bind(x, 1, x == 1)',
      ' | .........^',
      "ERROR: <input>:1:16: undeclared reference to 'x' (in container '')",
      ' | cel.bind(x, 1, x == 1)',
      ' | ...............^',
    ],
  ],
  ['self.list.map(i, i)', ['cel expression must evaluate to a bool']],
  [
    'self.items.exists(x, x.v == "a")',
    [
      "compilation failed: ERROR: <input>:1:26: found no matching overload for '_==_' applied to '(int, string)'",
      ' | self.items.exists(x, x.v == "a")',
      ' | .........................^',
    ],
  ],
  ['self.port > 5', ['']],
  ['type(self.n) == int', ['']],
  [
    'self.s ? true : false',
    [
      "compilation failed: ERROR: <input>:1:8: found no matching overload for '_?_:_' applied to '(string, bool, bool)'",
      ' | self.s ? true : false',
      ' | .......^',
    ],
  ],
  [
    'true ? 1 : "a"',
    [
      "compilation failed: ERROR: <input>:1:6: found no matching overload for '_?_:_' applied to '(bool, int, string)'",
      ' | true ? 1 : "a"',
      ' | .....^',
    ],
  ],
  [
    'self.list[?0] == 1',
    [
      "compilation failed: ERROR: <input>:1:15: found no matching overload for '_==_' applied to '(optional_type(int), int)'",
      ' | self.list[?0] == 1',
      ' | ..............^',
    ],
  ],
  [
    'self.?n.orValue("a") == "a"',
    [
      "compilation failed: ERROR: <input>:1:16: found no matching overload for 'orValue' applied to 'optional_type(int).(string)'",
      ' | self.?n.orValue("a") == "a"',
      ' | ...............^',
    ],
  ],
  [
    'size(self.n) == 1',
    [
      "compilation failed: ERROR: <input>:1:5: found no matching overload for 'size' applied to '(int)'",
      ' | size(self.n) == 1',
      ' | ....^',
    ],
  ],
  ['self.n in self.list', ['']],
  [
    'self.s in self.list',
    [
      "compilation failed: ERROR: <input>:1:8: found no matching overload for '@in' applied to '(string, list(int))'",
      ' | self.s in self.list',
      ' | .......^',
    ],
  ],
  [
    'self.map["a"] == "b"',
    [
      "compilation failed: ERROR: <input>:1:15: found no matching overload for '_==_' applied to '(int, string)'",
      ' | self.map["a"] == "b"',
      ' | ..............^',
    ],
  ],
  ['self.map.a == 1', ['']],
  [
    'math.greatest(1,2) == 2',
    [
      "compilation failed: ERROR: <input>:1:1: undeclared reference to 'math' (in container '')",
      ' | math.greatest(1,2) == 2',
      ' | ^',
      "ERROR: <input>:1:14: undeclared reference to 'greatest' (in container '')",
      ' | math.greatest(1,2) == 2',
      ' | .............^',
    ],
  ],
  [
    '"abc".reverse() == "cba"',
    [
      "compilation failed: ERROR: <input>:1:14: found no matching overload for 'reverse' applied to 'string.()'",
      ' | "abc".reverse() == "cba"',
      ' | .............^',
    ],
  ],
  ['self.names.sort() == []', ['']],
  ['[1,2].sum() == 3', ['']],
  [
    'ip("10.0.0.1").family() == "a"',
    [
      "compilation failed: ERROR: <input>:1:25: found no matching overload for '_==_' applied to '(int, string)'",
      ' | ip("10.0.0.1").family() == "a"',
      ' | ........................^',
    ],
  ],
  ['self.list.sortBy(i, i)[0] == 1', ['']],
  [
    'first(self.list) == 1',
    [
      "compilation failed: ERROR: <input>:1:6: found no matching overload for 'first' applied to '(list(int))'",
      ' | first(self.list) == 1',
      ' | .....^',
    ],
  ],
  ['self.list.first().value() == 1', ['']],
  [
    '"abc".lowerAscii() == 1',
    [
      "compilation failed: ERROR: <input>:1:20: found no matching overload for '_==_' applied to '(string, int)'",
      ' | "abc".lowerAscii() == 1',
      ' | ...................^',
    ],
  ],
  ['self.unk == 1', ["compilation failed: ERROR: <input>:1:5: undefined field 'unk'", ' | self.unk == 1', ' | ....^']],
  [
    '!self.n',
    [
      "compilation failed: ERROR: <input>:1:1: found no matching overload for '!_' applied to '(int)'",
      ' | !self.n',
      ' | ^',
    ],
  ],
  [
    '-self.s == "a"',
    [
      "compilation failed: ERROR: <input>:1:1: found no matching overload for '-_' applied to '(string)'",
      ' | -self.s == "a"',
      ' | ^',
    ],
  ],
  [
    'self.b && self.n',
    [
      "compilation failed: ERROR: <input>:1:15: expected type 'bool' but found 'int'",
      ' | self.b && self.n',
      ' | ..............^',
    ],
  ],
  [
    'oldSelf.n == 1 || "x"',
    [
      "compilation failed: ERROR: <input>:1:19: expected type 'bool' but found 'string'",
      ' | oldSelf.n == 1 || "x"',
      ' | ..................^',
    ],
  ],
  ['""', ['cel expression must evaluate to a bool']],
])('%s', (rule, answer) => expect(verdict(rule).split('\n')).toEqual(answer))
