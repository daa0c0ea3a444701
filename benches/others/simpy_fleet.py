"""The benchmark model for SimPy: a process for each node's arrivals, for each call and for each renewal.

simpy_fleet.py NODES GAP WARMUP HORIZON SEED, times in seconds. Prints a line of JSON: what is counted of the calls that arrive, and of the
tokens that are issued, after the warm-up; all calls; seconds of the processor for the run, without those for building it.
"""

import json
import random
import sys
import time
from collections import Counter

import simpy

API = 0.020
RENEWAL = 0.040
ATTEMPTS = 5


class Fleet:
    def __init__(self, env, gap, warmup, horizon, dice):
        self.env = env
        self.gap = gap
        self.warmup = warmup
        self.horizon = horizon
        self.dice = dice
        self.newest = 0
        self.arrived = 0
        self.counts = Counter(calls=0, succeeded=0, gave_up=0, attempts=0, rejections=0, issued=0)
        self.latency = Counter()

    def counted(self, now):
        return self.warmup <= now < self.horizon


class Node:
    def __init__(self, fleet):
        self.fleet = fleet
        self.token = 0
        self.renewal = None

    def arrivals(self):
        fleet, env = self.fleet, self.fleet.env
        while True:
            yield env.timeout(fleet.dice.expovariate(1.0 / fleet.gap))
            if env.now >= fleet.horizon:
                return
            fleet.arrived += 1
            env.process(self.call())

    def call(self):
        fleet, env = self.fleet, self.fleet.env
        arrived, attempts, rejections, accepted = env.now, 0, 0, False
        if fleet.counted(arrived):
            fleet.counts["calls"] += 1
        while not accepted and attempts < ATTEMPTS:
            if self.token == 0:
                if self.renewal is None:
                    self.renewal = env.process(self.renew())
                yield self.renewal
            token = self.token
            attempts += 1
            yield env.timeout(API)
            accepted = token == fleet.newest
            yield env.timeout(API)
            if not accepted:
                rejections += 1
                self.token = 0
        if arrived < fleet.warmup:
            return
        fleet.counts["attempts"] += attempts
        fleet.counts["rejections"] += rejections
        if accepted:
            fleet.counts["succeeded"] += 1
            fleet.latency[round((env.now - arrived) * 1e6)] += 1
        else:
            fleet.counts["gave_up"] += 1

    def renew(self):
        fleet, env = self.fleet, self.fleet.env
        yield env.timeout(RENEWAL)
        fleet.newest += 1
        token = fleet.newest
        if fleet.counted(env.now):
            fleet.counts["issued"] += 1
        yield env.timeout(RENEWAL)
        self.token = token
        self.renewal = None


def main():
    nodes, gap, warmup, horizon, seed = sys.argv[1:]
    env = simpy.Environment()
    fleet = Fleet(env, float(gap), float(warmup), float(horizon), random.Random(int(seed)))
    for _ in range(int(nodes)):
        env.process(Node(fleet).arrivals())
    start = time.process_time()
    env.run()
    seconds = time.process_time() - start
    assert sum(fleet.latency.values()) == fleet.counts["succeeded"]
    print(json.dumps({**fleet.counts, "arrived": fleet.arrived, "seconds": seconds}))


main()
