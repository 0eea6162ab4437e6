//! The child process in which untrusted files are parsed. An allocation beyond its means aborts a process, and
//! nothing in the process can catch that; so the process that may abort is not the service. Invariant: whatever a
//! file does to its parser, the caller gets a grid or a fault within the wall-clock limit.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::fault::SheetFault;
use super::grid::Grid;
use super::{Limits, read_here};
use crate::domain::fault::FaultCode;

/// The hidden subcommand that runs [`child_main`].
const SUBCOMMAND: &str = "read-sheet";

/// What the allocator of the child reserves at a time, in KiB. It takes a GiB unless told otherwise, before
/// [`confine`]: nothing would be left of the address space, and whether a file can be read a matter of luck.
const RESERVED_AT_A_TIME: (&str, &str) = ("MIMALLOC_ARENA_RESERVE", "65536");

/// The command that runs [`child_main`]: no environment but how it asks for memory.
#[must_use]
pub fn child(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg(SUBCOMMAND).env_clear().env(RESERVED_AT_A_TIME.0, RESERVED_AT_A_TIME.1);
    command
}

/// Parses the file on standard input under the standard limits and writes the grid or the fault to standard output;
/// answers the exit code, 0 when an answer was written.
pub fn child_main() -> i32 {
    let limits = Limits::STANDARD;
    match confine(&limits).and_then(|()| answer(&limits)) {
        Ok(()) => 0,
        Err(_) => 3,
    }
}

/// Gives this process less memory, processor time and files than it could need to do harm, and no core to dump.
fn confine(limits: &Limits) -> io::Result<()> {
    const OPEN_FILES: u64 = 16;
    for (resource, most) in [
        (Resource::As, limits.address_space_bytes),
        (Resource::Cpu, limits.cpu_seconds),
        (Resource::Nofile, OPEN_FILES),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
    ] {
        // A limit that is tighter already stays, for it cannot be raised.
        let most = getrlimit(resource).maximum.map_or(most, |inherited| inherited.min(most));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

fn answer(limits: &Limits) -> io::Result<()> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(limits.packed_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    serde_json::to_writer(&mut out, &read_here(&bytes, limits))?;
    out.flush()
}

/// Reads the raw cells of a file in a child process, `program read-sheet`, which has the limits of [`child_main`].
///
/// # Errors
/// Those of [`read_here`]; `file_unreadable` also when the child cannot be started, dies or takes too long.
pub fn read_in_child(program: &Path, bytes: &[u8], limits: &Limits) -> Result<Grid, SheetFault> {
    if u64::try_from(bytes.len()).is_ok_and(|size| size > limits.packed_bytes) {
        return Err(FaultCode::FileTooLarge.into());
    }
    let answer = ask(program, bytes, limits).map_err(|_| FaultCode::FileUnreadable)?;
    if u64::try_from(answer.len()).is_ok_and(|size| size > limits.answer_bytes) {
        return Err(FaultCode::FileTooLarge.into());
    }
    serde_json::from_slice(&answer).unwrap_or_else(|_| Err(FaultCode::FileUnreadable.into()))
}

/// Sends the bytes and collects the answer, at most one byte more than allowed; kills the child in every case.
fn ask(program: &Path, bytes: &[u8], limits: &Limits) -> io::Result<Vec<u8>> {
    let mut child = child(program).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    thread::scope(|scope| {
        let (done, answered) = mpsc::channel();
        scope.spawn(move || {
            // A child that dies before it has read everything is known by its answer.
            let _unread = stdin.map(|mut stdin| stdin.write_all(bytes));
        });
        scope.spawn(move || {
            let mut answer = Vec::new();
            let read = stdout.map(|pipe| pipe.take(limits.answer_bytes.saturating_add(1)).read_to_end(&mut answer));
            // The receiver is gone only when the time is up.
            let _late = done.send(read.transpose().map(|_| answer));
        });
        let answer = answered.recv_timeout(limits.wall).map_err(|_| io::ErrorKind::TimedOut);
        // What it wrote is all that counts, so a child that still runs has nothing more to say.
        let _already_gone = child.kill();
        child.wait()?;
        answer?
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    use super::super::scan::tests::workbook_with;
    use super::*;

    /// Marks the run of this test program that plays the child.
    const AS_CHILD: &str = "play-the-child";

    fn script(folder: &Path, body: &str) -> PathBuf {
        let path = folder.join("program");
        std::fs::write(&path, format!("#!/bin/sh\n[ \"$1\" = read-sheet ] || exit 9\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn run(body: &str, limits: &Limits) -> Result<Grid, SheetFault> {
        let folder = tempfile::tempdir().unwrap();
        read_in_child(&script(folder.path(), body), b"a,b\n", limits)
    }

    fn child_script() -> String {
        let me = std::env::current_exe().unwrap();
        let name = "sheet::child::tests::the_child_itself";
        format!(
            "{} --exact {name} --nocapture --test-threads=1 --skip {AS_CHILD} | /bin/grep -o '{{\"\\(Ok\\|Err\\)\":.*'",
            me.display()
        )
    }

    #[test]
    fn the_child_itself() {
        if std::env::args().any(|argument| argument == AS_CHILD) {
            let code = child_main();
            for (resource, most) in [(Resource::As, 512 << 20), (Resource::Cpu, 10), (Resource::Core, 0)] {
                assert_eq!(getrlimit(resource).maximum, Some(most));
            }
            // The harness would print behind the answer.
            std::process::exit(code);
        }
    }

    #[test]
    fn grids_and_faults_come_back_whole() {
        let folder = tempfile::tempdir().unwrap();
        let program = script(folder.path(), &child_script());
        let limits = Limits::STANDARD;
        let data = "<sheetData><row r=\"3\"><c r=\"B3\" t=\"inlineStr\"><is><t>文</t></is></c></row></sheetData>";
        let table: String = (0..90_000).map(|n| format!("样例{n},{n}\n")).collect();
        for file in
            [workbook_with(data, &[]), "一,二\n三,\"四\n五\"\n".into(), table.into_bytes(), b"\0".to_vec(), Vec::new()]
        {
            assert_eq!(read_in_child(&program, &file, &limits), read_here(&file, &limits));
        }
    }

    #[test]
    fn a_child_that_dies_or_talks_nonsense_is_an_unreadable_file() {
        for body in
            ["kill -9 $$", "exit 1", "cat >/dev/null; echo '{\"Ok\":{\"sheets\":[', ", "exec cat", "echo '{\"Err\":1}'"]
        {
            assert_eq!(run(body, &Limits::STANDARD).unwrap_err().code, FaultCode::FileUnreadable, "{body}");
        }
        let nowhere = read_in_child(Path::new("/nowhere/program"), b"a", &Limits::STANDARD);
        assert_eq!(nowhere.unwrap_err().code, FaultCode::FileUnreadable);
    }

    #[test]
    fn a_child_that_hangs_is_killed_and_one_that_floods_is_cut_off() {
        let limits = Limits { wall: Duration::from_millis(200), answer_bytes: 1 << 20, ..Limits::STANDARD };
        let start = Instant::now();
        assert_eq!(run("exec sleep 60", &limits).unwrap_err().code, FaultCode::FileUnreadable);
        assert!(start.elapsed() < Duration::from_secs(20));
        let limits = Limits { wall: Duration::from_secs(30), ..limits };
        assert_eq!(run("exec cat /dev/zero", &limits).unwrap_err().code, FaultCode::FileTooLarge);
    }

    #[test]
    fn the_child_sees_no_environment() {
        let body = "cat >/dev/null; [ -z \"$HOME$CARGO_MANIFEST_DIR\" ] && echo '{\"Ok\":{\"sheets\":[],\"hidden\":[],\"epoch\":\"From1900\"}}'";
        assert_eq!(run(body, &Limits::STANDARD), Ok(Grid::default()));
    }

    #[test]
    fn a_file_over_the_limit_starts_no_child() {
        let limits = Limits { packed_bytes: 2, ..Limits::STANDARD };
        let fault = read_in_child(Path::new("/nowhere/program"), b"abc", &limits).unwrap_err();
        assert_eq!(fault.code, FaultCode::FileTooLarge);
    }
}
