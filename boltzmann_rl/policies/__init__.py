"""Policies: a policy is any callable ``(values, step) -> probabilities``, and these are the published ones.

That is all that a policy needs. What else it may say of itself, by attributes that are read where they are there:

- ``constant = True``: it depends on the step only through parameters that are schedules, so `act` needs no step where
  all of them are numbers;
- ``shift_invariant``: whether only differences between values count (`check_policy` takes it that they do);
- ``clock``: what its step counts, ``"step"``, ``"pulls"`` (one number an action) or ``"visits"`` (one number a state);
  a part of it may say so instead, as the temperature `GLIE` does. Where only steps are known it is refused;
- ``takes_memory = True``: it takes a third argument, what its learner's ``memory(state)`` returns;
- ``mixture(step, memory=None)``: the `Mixture` of the uniform, the softmax and the greedy policy that it is at a step;
  its ``__call__`` returns ``self.mixture(step).probabilities(values, step)``. Such a policy is compiled wherever ours
  are, where the weights are numbers and the temperature is a number or a schedule;
- ``draw(values, step, uniforms)``: how it chooses, where it does not draw from its probabilities by the inverse of
  their distribution function; with ``uniforms_per_action = True`` it is given one uniform an action instead of one.

All of them are listed in `boltzmann_rl.protocols.Traits`.
"""

from boltzmann_rl.lazy import public as _public

__all__, __getattr__, __dir__ = _public(__name__)
