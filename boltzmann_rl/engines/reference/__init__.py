"""The reference engines: readable NumPy that defines the results and accepts any policy, learner and problem."""
