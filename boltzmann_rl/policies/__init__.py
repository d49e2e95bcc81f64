"""Policies: a policy is any callable ``(values, step) -> probabilities``, and these are the published ones.

A policy needs no more than that. Optional attributes say what else it can do:

- ``constant = True``: it depends on the step only through its fields, so that `act` needs no step if all fields are
  constant;
- ``shift_invariant``: whether only differences between values count (the default);
- ``clock``: what its step counts: ``"step"`` (decisions), ``"pulls"`` (one number per action) or ``"visits"`` (one
  number per state). A part may have it instead, as the temperature `GLIE` does. Where only decisions are counted, a
  policy with another clock is refused;
- ``takes_memory = True``: it takes a third argument, what its learner's ``memory(state)`` returns;
- ``mixture(step, memory=None)``: its `Mixture` of the uniform, the softmax and the greedy policy at a step; its
  ``__call__`` returns ``self.mixture(step).probabilities(values, step)``. Such a policy is compiled if its weights are
  numbers and its temperature is a number or a schedule;
- ``draw(values, step, uniforms)``: the actions for given uniforms, if they are not those of the inverse distribution
  function of its probabilities; with ``uniforms_per_action = True`` it takes one uniform per action instead of one.

All of them are listed in `boltzmann_rl.protocols.Traits`.
"""

from boltzmann_rl.lazy import public as _public

__all__, __getattr__, __dir__ = _public(__name__)
