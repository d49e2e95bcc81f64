"""The reference engines: readable NumPy, which says what is meant and accepts any policy, learner and problem."""
