//! The processes of a session, as Linux tells them; elsewhere a session's group has to do.

use nix::unistd::Pid;

/// All that live in the session of that leader, itself included.
///
/// Whoever is started while this looks may be missed; it dies with its pipes.
pub(super) fn of_session(leader: Pid) -> Vec<Pid> {
    let Ok(folder) = std::fs::read_dir("/proc") else { return Vec::new() };
    let processes =
        folder.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    processes.filter(|id| session_of(*id) == Some(leader)).map(Pid::from_raw).collect()
}

fn session_of(process: i32) -> Option<Pid> {
    session_in(&std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// proc_pid_stat(5): the session is the fourth field after the name, which is in parentheses and may hold
/// anything.
fn session_in(stat: &str) -> Option<Pid> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(3)?.parse().ok().map(Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_found_whatever_the_name() {
        let stat = "4711 (a) b (c) S 1 4700 4699 0 -1 4194304";
        assert_eq!(session_in(stat), Some(Pid::from_raw(4699)));
        assert_eq!(session_in("4711 (cat"), None);
        assert_eq!(session_in(""), None);
    }

    #[test]
    fn this_process_is_in_its_own_session() {
        let ours = nix::unistd::getsid(None).unwrap();
        assert!(of_session(ours).contains(&Pid::this()));
    }
}
