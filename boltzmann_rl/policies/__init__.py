"""Policies: a policy is any callable ``(values, step) -> probabilities``; this package has those of the literature.

No base class is needed. Optional attributes say what else a policy can do:

- ``constant = True``: it depends on the step only through its fields, so that `act` needs no step if all fields are
  constant;
- ``shift_invariant``: whether only differences between values count; True by default;
- ``clock``: what its step counts: ``"step"`` (decisions), ``"pulls"`` (one number per action) or ``"visits"`` (one
  number per state). A part may have it instead, as the temperature `GLIE` does. Where only decisions are counted, a
  policy with another clock is refused;
- ``takes_memory = True``: it takes a third argument, what its learner's ``memory(state)`` returns;
- ``mixture(step, memory=None)``: its `Mixture` of the uniform, the softmax and the greedy policy at a step; its
  ``__call__`` returns ``self.mixture(step).probabilities(values, step)``. The policy is compiled if its weights are
  numbers and its temperature is a number, a schedule or one of this package's units;
- ``draw(values, step, uniforms)``: the actions for given uniforms, for a policy that is not sampled by the inverse CDF
  of its probabilities; with ``uniforms_per_action = True`` it takes one uniform per action instead of one per row.

All of them are listed in `boltzmann_rl.protocols.Traits`.
"""

from boltzmann_rl.lazy import public as _public

__all__, __getattr__, __dir__ = _public(__name__)
