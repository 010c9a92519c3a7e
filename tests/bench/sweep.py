#!/usr/bin/python3
"""What running a sweep costs beyond planning and simulating: processor time per run, memory, disk.

usage: tests/bench/sweep.py EDGEFLOW [RUNS] [--no-run-files]      (10000 runs of a small model by default, two workers)
Prints processor times per run and the ratio of the runner's to that of planning and simulating, all of the same
sweep; the wall-clock time, which a busy machine changes most; the memory of the sweep's own process (its peak, and
like that of its workers in the first and the last quarter); what the results take of the disk; and time and memory
of merging them and of the same command when all is done. --no-run-files: with outputs: runs.csv only.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time

import pandas as pd

SWEEP = """schema: 1
name: many
base:
  model: small.yaml
  cluster:
    network: {{type: switch, bandwidth: 100Mbps, latency: 0.5ms}}
    devices: [{{type: rpi4, count: 3}}, {{type: jetson-nano, name: nano}}]
  strategy: single
  requests: {{count: 3, arrivals: {{process: poisson, rate: 2/s}}}}
axes:
  cluster.network.bandwidth: [{bandwidths}]
  strategy: [single, even, proportional, heft]
repeat: {repeat}
baseline: single
outputs: {outputs}
"""
MODEL = """schema: 1
name: small
layers:
  - {name: input, op: input, dims: [1, 3, 64, 64]}
  - {name: conv1, op: conv, inputs: [input], out_channels: 16, kernel: 3, pad: 1}
  - {name: conv2, op: conv, inputs: [conv1], out_channels: 16, kernel: 3, pad: 1}
  - {name: conv3, op: conv, inputs: [conv2], out_channels: 16, kernel: 3, pad: 1}
"""


def resident_MiB(pid, peak=False):
    field = "VmHWM:" if peak else "VmRSS:"
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(field)) / 1024
    except (OSError, StopIteration):
        return 0.0


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
            return file.read().split()
    except OSError:
        return []


def disk(folder):
    """(files and folders, MB of blocks, most entries of a folder)"""
    entries, blocks, most = 0, 0, 0
    for place, folders, files in os.walk(folder):
        entries += len(folders) + len(files)
        most = max(most, len(folders) + len(files))
        blocks += sum(os.lstat(os.path.join(place, name)).st_blocks for name in folders + files)
    return entries, blocks * 512 / 1e6, most


def timed(words, folder):
    """(wall-clock s, MiB at most) of a command"""
    start = time.monotonic()
    command = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak_MiB = 0.0
    while command.poll() is None:
        peak_MiB = max(peak_MiB, resident_MiB(command.pid, peak=True))
        time.sleep(0.02)
    if command.returncode != 0:
        sys.exit(f"{' '.join(words)} ended with {command.returncode}")
    return time.monotonic() - start, peak_MiB


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("edgeflow", metavar="EDGEFLOW", type=os.path.abspath)
    parser.add_argument("runs", metavar="RUNS", nargs="?", type=int, default=10_000)
    parser.add_argument("--no-run-files", action="store_true")
    return parser.parse_args()


def main():
    given = arguments()
    repeat = max(1, given.runs // 200)
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "small.yaml"), "w", encoding="utf-8") as file:
            file.write(MODEL)
        with open(os.path.join(folder, "many.yaml"), "w", encoding="utf-8") as file:
            bandwidths = ", ".join(f"{10 * n}Mbps" for n in range(1, 51))
            file.write(SWEEP.format(bandwidths=bandwidths, repeat=repeat,
                                    outputs="runs.csv only" if given.no_run_files else "all"))
        command = [given.edgeflow, "sweep", "many.yaml", "-j", "2", "-o", "out"]
        start = time.monotonic()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        sweep = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        samples = []
        peak_MiB = 0.0
        while sweep.poll() is None:
            workers = [resident_MiB(pid) for pid in children(sweep.pid)]
            samples.append((resident_MiB(sweep.pid), max(workers, default=0.0)))
            peak_MiB = max(peak_MiB, resident_MiB(sweep.pid, peak=True))
            time.sleep(0.2)
        wall_s = time.monotonic() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        timing = pd.read_csv(os.path.join(folder, "out", "timing.csv"))
        entries, megabytes, most = disk(os.path.join(folder, "out"))
        merge_s, merge_MiB = timed([given.edgeflow, "merge", "out"], folder)
        again_s, again_MiB = timed(command, folder)
    count = len(timing)
    cpu_ms = (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1e3 / count
    user_ms = (after.ru_utime - before.ru_utime) * 1e3 / count
    plan_ms = timing["plan_cpu_s"].drop_duplicates().sum() * 1e3 / count
    sim_ms = timing["sim_cpu_s"].sum() * 1e3 / count
    quarter = max(1, len(samples) // 4)
    # The last sample is the tables being written.
    first, last = samples[1:quarter + 1], samples[-quarter - 1:-1]
    print(f"{count} runs in {wall_s:.0f} s wall-clock time, {sweep.returncode} = exit code")
    runner_ms = cpu_ms - plan_ms - sim_ms
    print(f"processor time per run {cpu_ms:.2f} ms ({user_ms:.2f} user): planning {plan_ms:.2f}, "
          f"simulation process {sim_ms:.2f}, runner {runner_ms:.2f}")
    print(f"runner / (planning + simulation) = {runner_ms / (plan_ms + sim_ms):.2f}")
    print(f"sweep: peak {peak_MiB:.1f} MiB")
    for place, name in enumerate(("sweep", "largest worker")):
        print(f"{name}: {max(s[place] for s in first):.1f} MiB at most in the first quarter, "
              f"{max(s[place] for s in last):.1f} in the last")
    print(f"results: {entries} files and folders, {megabytes:.0f} MB on disk, at most {most} in one folder")
    print(f"merge: {merge_s:.1f} s, {merge_MiB:.1f} MiB; the sweep again: {again_s:.1f} s, {again_MiB:.1f} MiB")


if __name__ == "__main__":
    main()
