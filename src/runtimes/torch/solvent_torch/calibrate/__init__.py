"""What this machine's devices do in how many seconds, measured with the operators and collectives that training uses.

``python -m solvent_torch.calibrate`` (``solvent calibrate``) forks one rank a device, has all of them work at once, as training does, and
writes a *measured device*: the planner reads its numbers where it has a table of constants for an accelerator.
"""
