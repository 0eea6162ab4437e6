//! What the system says: the machine, CPU time and memory of a process, what one wait for the disk costs.
//!
//! Linux only, read from `/proc`. It judges nothing.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use whitelist::clock::Clock;

use super::Outcome;
use super::report::real;

/// Describes the machine and the run.
pub fn description() -> Vec<(&'static str, String)> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    let command: Vec<String> = std::env::args().skip(1).collect();
    vec![
        ("machine", format!("{cores} cores, {model}, load before the run {load}")),
        ("date", Clock::system().now().to_string()),
        ("commit", output("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_else(|| "unknown".to_owned())),
        ("command", format!("load {}", command.join(" ")).trim_end().to_owned()),
    ]
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// Reads CPU times of processes.
#[derive(Debug, Clone, Copy)]
pub struct CpuClock {
    ticks_per_second: f64,
}

impl CpuClock {
    /// Asks how long a tick is.
    pub fn new() -> Self {
        let ticks = output("getconf", &["CLK_TCK"]).and_then(|ticks| ticks.parse().ok());
        Self { ticks_per_second: ticks.unwrap_or(100.0) }
    }

    /// Returns the CPU time that a process has used so far, user and system, seconds.
    pub fn of(self, process: u32) -> Outcome<f64> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        // The name in brackets may hold spaces; utime and stime are the 12th and 13th fields behind it.
        let (_, fields) = stat.rsplit_once(')').ok_or("no name in /proc/…/stat")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>).collect::<Result<Vec<_>, _>>()?;
        Ok(real(ticks.iter().sum()) / self.ticks_per_second)
    }
}

/// Returns the memory of this process that belongs to no file, bytes.
pub fn own_memory() -> Outcome<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:")?.trim().strip_suffix(" kB"))
        .ok_or("no RssAnon in /proc/self/status")?;
    Ok(real(kib.trim().parse()?) * 1024.0)
}

/// Times waits for the disk: 4 KiB appended and synced, milliseconds each.
pub fn fsyncs(folder: &Path, times: usize) -> Outcome<Vec<f64>> {
    let path = folder.join("fsync");
    let mut file = fs::OpenOptions::new().create(true).append(true).open(&path)?;
    let mut waits = Vec::with_capacity(times);
    for _ in 0..times {
        file.write_all(&[7; 4096])?;
        let start = Instant::now();
        file.sync_data()?;
        waits.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    fs::remove_file(path)?;
    Ok(waits)
}
