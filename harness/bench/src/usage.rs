//! What processes have used: processor time to the nanosecond, memory that is theirs alone or their share of it.

use std::fs;
use std::io;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{Pid, SysconfVar, sysconf};

/// The processor time of processes, of their threads that have ended, and of their children that have.
pub fn cpu(processes: &[u32]) -> Duration {
    processes.iter().map(|&process| of_process(process) + of_children(process)).sum()
}

/// The processor time of this program.
pub fn own_cpu() -> Duration {
    cpu(&[std::process::id()])
}

fn of_process(process: u32) -> Duration {
    let clock = i32::try_from(process).ok().and_then(|process| {
        // clock_getcpuclockid(3); /proc tells it in hundredths of a second only.
        ClockId::pid_cpu_clock_id(Pid::from_raw(process)).ok()
    });
    clock.and_then(|clock| clock_gettime(clock).ok()).map(Duration::from).unwrap_or_default()
}

/// That of children that were waited for, in clock ticks (proc_pid_stat(5)).
fn of_children(process: u32) -> Duration {
    let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) else {
        return Duration::ZERO;
    };
    // The name, the second field, may have blanks and brackets in it.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks: u64 =
        fields.split(' ').skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    let per_second = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100) as f64;
    Duration::from_secs_f64(ticks as f64 / per_second)
}

/// Their memory, each shared page counted by its share (proc_pid_smaps(5): `Pss`), in bytes.
///
/// # Errors
/// There is no such process, or the system does not tell.
pub fn memory(processes: &[u32]) -> io::Result<u64> {
    let mut kib = 0;
    for process in processes {
        let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
        kib += number.unwrap_or(0_u64);
    }
    Ok(kib * 1024)
}

/// Allows this program, and what it starts, as many descriptors as the system lets it have; returns how many.
pub fn allow_descriptors() -> io::Result<u64> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    Ok(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_shows_in_processor_time() {
        let before = own_cpu();
        let mut sum = 0_u64;
        while own_cpu() - before < Duration::from_millis(20) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(memory(&[std::process::id()]).unwrap() > 100_000);
        assert!(memory(&[0]).is_err());
    }
}
