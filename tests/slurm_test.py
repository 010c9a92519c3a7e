#!/usr/bin/python3
"""Runs a sweep through a real Slurm of one node, kills a task, and expects the runs.csv of an undisturbed sweep.

usage: slurm_test.py EDGEFLOW SOURCE_DIR
Exit code 77: skipped, EDGEFLOW_TEST_SLURM is not 1 or Slurm is not installed. The daemons have their own
configuration in a temporary folder and ports on loopback, need no systemd and no cgroups, and are ended however
the test ends. All waiting is bounded.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

EDGEFLOW, SOURCE = sys.argv[1:3]
TOOLS = ["munged", "slurmctld", "slurmd", "sbatch", "scontrol", "sinfo", "scancel"]
SHARDS = 3
PATIENCE_S = 120

# cred_expire: a requeued job waits for its old credential to expire, two minutes by default.
CONFIGURATION = """ClusterName=edgeflow
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=2
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
KillWait=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def environment_holds(pid, text):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return text in file.read()
    except OSError:
        return False


class Slurm:
    """Daemons that end with the `with` block."""

    def __init__(self, folder):
        self.folder = folder
        self.conf = os.path.join(folder, "slurm.conf")
        self.environment = {**os.environ, "SLURM_CONF": self.conf, "EDGEFLOW": EDGEFLOW}
        self.daemons = []

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        sockets = [socket.socket() for _ in range(2)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        ports = [one.getsockname()[1] for one in sockets]
        for one in sockets:
            one.close()
        for name in ("state", "spool"):
            os.mkdir(os.path.join(self.folder, name))
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(host=socket.gethostname().split(".")[0], ports=ports,
                                            user=pwd.getpwuid(os.geteuid()).pw_name, folder=self.folder))
        key = os.path.join(self.folder, "munge.key")
        with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(os.urandom(128))
        place = f"{self.folder}/munge"
        self.daemon("munged", "--foreground", "--force", f"--key-file={key}", f"--socket={place}.socket",
                    f"--pid-file={place}.pid", f"--log-file={place}.log", f"--seed-file={place}.seed")
        self.wait("munged", lambda: os.path.exists(f"{place}.socket"))
        self.daemon("slurmctld", "-D", "-f", self.conf)
        self.daemon("slurmd", "-D", "-f", self.conf)
        self.wait("an idle node", lambda: self.call("sinfo", "--noheader", "-o", "%T").strip() == "idle")

    def daemon(self, *words):
        with open(os.path.join(self.folder, words[0] + ".out"), "wb") as log:
            self.daemons.append(subprocess.Popen(words, env=self.environment, stdin=subprocess.DEVNULL,
                                                 stdout=log, stderr=log, start_new_session=True))

    def call(self, *words):
        run = subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S)
        return run.stdout if run.returncode == 0 else ""

    def wait(self, what, ready):
        end = time.monotonic() + PATIENCE_S
        while not ready():
            for daemon in self.daemons:
                if daemon.poll() is not None:
                    raise AssertionError(f"{daemon.args[0]} ended:\n{self.logs()}")
            if time.monotonic() > end:
                raise AssertionError(f"no sign of {what} in {PATIENCE_S} s:\n{self.logs()}")
            time.sleep(0.02)

    def logs(self):
        texts = []
        for root, _, names in os.walk(self.folder):
            for name in sorted(names):
                if name.endswith((".log", ".out")):
                    with open(os.path.join(root, name), encoding="utf-8", errors="replace") as file:
                        texts.append(f"--- {name}\n" + "".join(file.readlines()[-25:]))
        return "\n".join(texts)

    def __exit__(self, *_):
        # Jobs first: everything that has our configuration in its environment, which is only ours.
        mark = b"SLURM_CONF=" + self.conf.encode() + b"\0"
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in reversed(self.daemons):
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            if int(pid) != os.getpid() and environment_holds(pid, mark):
                try:
                    os.kill(int(pid), signal.SIGKILL)
                except ProcessLookupError:
                    pass


class SlurmTest(unittest.TestCase):
    def test_a_killed_task_is_requeued_and_nothing_is_lost_or_doubled(self):
        with tempfile.TemporaryDirectory() as folder:
            sweep = os.path.join(folder, "sweep.yaml")
            rates = ", ".join(f"{n}kB/s" for n in range(1, 101))
            with open(sweep, "w", encoding="utf-8") as file:
                file.write(f"schema: 1\nname: array\nbase: {SOURCE}/tests/data/cli/tiny_scenario.yaml\n"
                           f"axes:\n  cluster.network.bandwidth: [{rates}]\n  strategy: [even, single]\n"
                           "baseline: single\n")
            local, out = os.path.join(folder, "local"), os.path.join(folder, "out")
            subprocess.run([EDGEFLOW, "sweep", sweep, "-o", local], check=True, capture_output=True)
            with Slurm(folder) as slurm:
                submitted = subprocess.run(
                    [os.path.join(SOURCE, "scripts", "slurm_array.sh"), "-n", str(SHARDS), "-o", out, sweep],
                    env=slurm.environment, capture_output=True, text=True, timeout=PATIENCE_S)
                self.assertEqual(submitted.returncode, 0, submitted.stderr)
                killed = []
                slurm.wait("a task under way", lambda: killed or self.kill_a_task(slurm, out, killed))
                killed = killed[0]
                slurm.wait("the merge", lambda: os.path.exists(os.path.join(out, "runs.csv")))
                log = self.text(os.path.join(out + "-slurm", killed + ".log"))
                self.assertIn("runs are done already", log, "the killed task did not go on where it was")
                self.assertIn(f"shard {killed}/{SHARDS} is done", log)
            self.assertEqual(self.text(os.path.join(out, "runs.csv")), self.text(os.path.join(local, "runs.csv")))
            self.assertEqual(self.runs(out), 200)

    def runs(self, out):
        try:
            return sum(os.path.exists(os.path.join(out, "runs", run, "status.json"))
                       for run in os.listdir(os.path.join(out, "runs")))
        except FileNotFoundError:
            return 0

    def text(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def kill_a_task(self, slurm, out, killed):
        """Kills a task that has done some runs, as the kernel kills what needs too much memory: the process of
        the sweep, whose workers follow it. Its number goes to `killed`."""
        mark = b"SLURM_CONF=" + slurm.conf.encode() + b"\0"
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().decode().split("\0")
                if words[0] != EDGEFLOW or "--shard" not in words:
                    continue
                number = words[words.index("--shard") + 1].split("/")[0]
                with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                    parent = file.read().rsplit(")", 1)[1].split()[1]
                with open(f"/proc/{parent}/cmdline", "rb") as file:
                    is_worker = file.read().decode().split("\0")[0] == EDGEFLOW
                under_way = "[1/" in self.text(os.path.join(out + "-slurm", number + ".log"))
            except OSError:
                continue
            if under_way and not is_worker and environment_holds(pid, mark):
                os.kill(int(pid), signal.SIGKILL)
                killed.append(number)
                return True
        return False


if __name__ == "__main__":
    missing = [tool for tool in TOOLS if shutil.which(tool) is None and not os.path.exists("/usr/sbin/" + tool)]
    if os.environ.get("EDGEFLOW_TEST_SLURM") != "1" or missing:
        print("skipped: " + (f"there is no {', '.join(missing)}" if missing else "EDGEFLOW_TEST_SLURM is not 1"))
        sys.exit(77)
    os.environ["PATH"] += ":/usr/sbin"
    # Ctest ends a test by SIGTERM: let the daemons end, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    unittest.main(argv=sys.argv[:1], verbosity=2)
