//! A sweep as a job array of a Slurm of the test's own: one controller and one node on this machine, without systemd.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::installed::is_there;
use crate::{same, scenario, shown, text};

const PATIENCE: Duration = Duration::from_secs(120);

/// munged, slurmctld and slurmd, which end with the test.
struct TestSlurm {
    folder: PathBuf,
    daemons: Vec<Child>,
}

/// A daemon of Debian lies where the path of a user may not lead.
fn daemon(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let folders = path.split(':').chain(["/usr/sbin", "/usr/local/sbin"]);
    folders
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.exists())
}

fn line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().expect("it runs");
    text(&output.stdout).trim().to_owned()
}

fn wait_until(what: &str, mut there: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < PATIENCE, "{what}: not within two minutes");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl TestSlurm {
    /// Starts one below a folder; none, and said aloud, where it is not installed.
    fn start(folder: &Path) -> Option<Self> {
        let programs = ["munged", "slurmctld", "slurmd"].map(daemon);
        let clients = ["sbatch", "squeue", "scontrol", "sinfo"].map(daemon);
        if !is_there("Slurm with munge", programs.iter().chain(&clients).all(Option::is_some)) {
            return None;
        }
        let [munged, slurmctld, slurmd] = programs.map(|program| program.expect("it is there"));
        let mut slurm = Self {
            folder: folder.join("slurm"),
            daemons: Vec::new(),
        };
        for below in ["munge", "state", "spool"] {
            fs::create_dir_all(slurm.folder.join(below)).expect("a folder");
        }
        // The socket is for everybody, the key for munged alone.
        let munge = slurm.folder.join("munge");
        fs::set_permissions(&munge, fs::Permissions::from_mode(0o711)).expect("it is ours");
        let key = munge.join("key");
        fs::write(&key, [0x5a; 1024]).expect("it can be written");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).expect("it is ours");
        let own = |name: &str| format!("--{name}={}", shown(&munge.join(name)));
        let [key, pid, seed, socket] = [
            format!("--key-file={}", shown(&key)),
            own("pid-file"),
            own("seed-file"),
            own("socket"),
        ];
        slurm.run(Command::new(munged).args([
            &key,
            &pid,
            &seed,
            &socket,
            "--foreground",
            "--force",
            "--num-threads=10",
        ]));
        wait_until("munged", || munge.join("socket").exists());
        let node = line("hostname", &["-s"]);
        fs::write(slurm.configuration(), slurm.configured(&node)).expect("it can be written");
        slurm.run(Command::new(slurmctld).args(["-D", "-c"]));
        slurm.run(Command::new(slurmd).args(["-D", "-N", &node]));
        wait_until("the node", || {
            slurm.told("sinfo", &["--noheader", "--format=%t"]) == "idle"
        });
        Some(slurm)
    }

    fn configuration(&self) -> PathBuf {
        self.folder.join("slurm.conf")
    }

    /// Ports of its own, four cores whatever the machine has, and neither accounts nor control groups.
    fn configured(&self, node: &str) -> String {
        let [one, other] = [0; 2].map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a port"));
        let port = |listener: &TcpListener| listener.local_addr().expect("it is bound").port();
        let (user, folder) = (line("id", &["-un"]), shown(&self.folder));
        let mut written = String::new();
        for (key, value) in [
            ("ClusterName", "sweep".to_owned()),
            ("SlurmctldHost", format!("{node}(127.0.0.1)")),
            ("AuthType", "auth/munge".to_owned()),
            ("CredType", "cred/munge".to_owned()),
            ("AuthInfo", format!("socket={folder}/munge/socket")),
            ("SlurmUser", user.clone()),
            ("SlurmdUser", user),
            ("SlurmctldPort", port(&one).to_string()),
            ("SlurmdPort", port(&other).to_string()),
            ("StateSaveLocation", format!("{folder}/state")),
            ("SlurmdSpoolDir", format!("{folder}/spool")),
            ("SlurmctldPidFile", format!("{folder}/state/pid")),
            ("SlurmdPidFile", format!("{folder}/spool/pid")),
            ("SlurmctldLogFile", format!("{folder}/slurmctld.log")),
            ("SlurmdLogFile", format!("{folder}/slurmd.log")),
            ("ProctrackType", "proctrack/linuxproc".to_owned()),
            ("TaskPlugin", "task/none".to_owned()),
            ("MpiDefault", "none".to_owned()),
            ("SelectType", "select/cons_tres".to_owned()),
            ("SelectTypeParameters", "CR_Core_Memory".to_owned()),
            ("JobAcctGatherType", "jobacct_gather/none".to_owned()),
            ("AccountingStorageType", "accounting_storage/none".to_owned()),
            ("SlurmdParameters", "config_overrides".to_owned()),
            ("MailProg", "/bin/true".to_owned()),
            ("ReturnToService", "2".to_owned()),
            ("KillWait", "2".to_owned()),
        ] {
            writeln!(written, "{key}={value}").expect("a text");
        }
        writeln!(written, "NodeName={node} NodeAddr=127.0.0.1 CPUs=4 RealMemory=4000").expect("a text");
        writeln!(
            written,
            "PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP"
        )
        .expect("a text");
        written
    }

    fn run(&mut self, command: &mut Command) {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("daemons.log"))
            .expect("a log");
        command.stdout(log.try_clone().expect("a second end")).stderr(log);
        self.daemons.push(
            command
                .env("SLURM_CONF", self.configuration())
                .spawn()
                .expect("it starts"),
        );
    }

    /// What one of its commands says, in the folder that the nodes see.
    fn told(&self, program: &str, arguments: &[&str]) -> String {
        let program_folder = Path::new(env!("CARGO_BIN_EXE_tokenstorm")).parent().expect("a folder");
        let path = format!(
            "{}:{}",
            program_folder.display(),
            std::env::var("PATH").expect("a path")
        );
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("SLURM_CONF", self.configuration())
            .env("PATH", path);
        let output = command
            .current_dir(self.folder.parent().expect("a folder"))
            .output()
            .expect("it runs");
        text(&output.stdout).trim().to_owned()
    }

    /// Whether all jobs have ended.
    fn idle(&self) -> bool {
        self.told("bash", &["-c", "squeue --noheader && echo none"]) == "none"
    }

    /// A task once more, at once: Slurm would wait for two minutes.
    fn again(&self, task: &str) {
        let waits = || {
            self.told("scontrol", &["show", "job", task])
                .contains("JobState=PENDING")
        };
        self.told("scontrol", &["requeue", task]);
        wait_until("a task that waits", waits);
        wait_until("a task that runs again", || {
            self.told("scontrol", &["update", &format!("jobid={task}"), "starttime=now"]);
            !waits()
        });
    }
}

impl Drop for TestSlurm {
    fn drop(&mut self) {
        self.told("scancel", &["--user", &line("id", &["-un"])]);
        for daemon in self.daemons.iter_mut().rev() {
            let pid = daemon.id().to_string();
            let _asked = Command::new("kill").args(["-TERM", &pid]).status();
            let _ended = daemon.wait();
        }
    }
}

/// Kills the process that runs a shard, as a machine that fails does.
fn kill(shard: &Path) {
    let out = shown(Path::new(shard.file_name().expect("a name")));
    let process = fs::read_dir("/proc").expect("Linux has it").flatten().find(|entry| {
        let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = words.split(|byte| *byte == 0).collect();
        words.contains(&out.as_bytes()) && words.contains(&b"sweep".as_slice())
    });
    let process = process.expect("it is running").file_name();
    let killed = Command::new("kill")
        .args(["-KILL", &process.to_string_lossy()])
        .status();
    assert!(killed.expect("kill runs").success());
}

#[test]
fn an_array_of_slurm_with_a_killed_and_a_requeued_task_is_the_sweep() {
    let folder = TempDir::new().expect("a folder");
    let Some(slurm) = TestSlurm::start(folder.path()) else {
        return;
    };
    scenario(folder.path(), "");
    // A task takes some seconds, also where the program is fast.
    let replications = if cfg!(debug_assertions) { "2" } else { "200" };
    let asked = [
        "sweep",
        "pair.toml",
        "--param",
        "provider.token_ttl=10s..5000s:900",
        "--replications",
        replications,
    ];
    let print = ["--print", "slurm", "--shard", "1/3", "--threads", "1", "--out", "out"];
    let print = [&asked[..], &print].concat();
    let script = slurm.told("tokenstorm", &print) + "\n";
    fs::write(folder.path().join("sweep.sh"), &script).expect("it can be written");
    let job = slurm.told("sbatch", &["--parsable", "sweep.sh"]);
    let shards = [1, 2, 3].map(|task| folder.path().join(format!("out-{task}-of-3")));
    for shard in &shards {
        let begun = || {
            shard
                .join("points.journal")
                .metadata()
                .is_ok_and(|found| found.len() > 50_000)
        };
        wait_until("a shard that has begun", begun);
    }
    kill(&shards[1]);
    let [second, third] = [2, 3].map(|task| format!("{job}_{task}"));
    slurm.again(&third);
    wait_until("a task that failed", || {
        let state = slurm.told("scontrol", &["show", "job", &second]);
        state.contains("JobState=FAILED") || state.contains("JobState=NODE_FAIL")
    });
    slurm.again(&second);
    wait_until("all tasks", || slurm.idle());
    for task in [2, 3] {
        let said = fs::read_to_string(folder.path().join(format!("slurm-{job}_{task}.out"))).expect("what it said");
        assert!(
            said.contains("going on after") && said.contains("is whole in"),
            "{said}"
        );
    }
    let merge = script
        .lines()
        .find_map(|line| line.split_once("--wrap="))
        .expect("how to merge")
        .1;
    let wrap = format!("--wrap={}", merge.trim_matches('\''));
    slurm.told("sbatch", &[&format!("--dependency=afterany:{job}"), &wrap]);
    wait_until("the merge", || {
        slurm.idle() && folder.path().join("out/manifest.json").exists()
    });
    // The same command line, and so the same place of the scenario.
    let whole = folder.path().join("whole");
    slurm.told("tokenstorm", &[&asked[..], &["--out", "whole"]].concat());
    assert!(whole.join("manifest.json").exists());
    same(&whole, &folder.path().join("out"));
}
