"""Mistakes that type checkers must find, each on the line that says so; the rest of the file is right."""

import numpy as np

import boltzmann_rl as brl

rng = np.random.default_rng(0)
agent = brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.5))
rows = np.zeros((2, 3))
experiment = brl.BanditExperiment(name="x", problem=brl.GaussianBandit(), agents={"a": agent})

brl.Agent(3, "no")  # wrong
brl.Agent(brl.Boltzmann(0.5), brl.SampleAverage())  # wrong
brl.Boltzmann("hot")  # wrong
brl.Softmin(0.5)  # wrong
brl.act(brl.SampleAverage(), [0.0, 1.0], rng)  # wrong
brl.act(brl.Boltzmann(0.5), [0.0, 1.0], rng, mask=[1, 1])  # wrong
chosen: float = brl.act(brl.Boltzmann(0.5), rows, rng)  # wrong
brl.Explorer(brl.schedules.Linear(1.0, 0.0, steps=10), rng)  # wrong
brl.BanditExperiment(name="x", problem="GaussianBandit", agents={"a": agent})  # wrong
brl.learn_from_log(brl.QLearning(), np.zeros((1, 2)), [0], [1.0])  # wrong
brl.act(brl.Boltzmann(0.5), rng, rows)  # wrong
brl.Environment("FrozenLake-v1", wrap=3)  # wrong
brl.schedules.WarmUp("cold", steps=10)  # wrong
summary = experiment.run().sumary  # wrong
cells = experiment.plan().cell  # wrong
lengths = [cell.lenght for _, cell in experiment.plan().cells()]  # wrong
training = brl.Training("FrozenLake-v1", agent, seed=0)  # wrong
