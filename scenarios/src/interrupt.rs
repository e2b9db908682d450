//! Ctrl-C: the work is dropped, and with it every process and file that it has made.

use std::{io, pin::pin};

use tokio::{
    runtime::Builder,
    signal::unix::{SignalKind, signal},
};

use crate::exit::Failure;

/// Runs work to its end, or until the user interrupts it.
///
/// # Errors
/// The work's own, or [`Failure::Interrupted`] when everything it had started is gone.
pub fn run_until_interrupted<T>(
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let system = |doing| move |source: io::Error| Failure::System { doing, source };
    let runtime =
        Builder::new_multi_thread().enable_all().build().map_err(system("start threads"))?;
    // What the work leaves in the runtime is dropped with it, before this returns.
    runtime.block_on(async {
        let handler = |kind| signal(kind).map_err(system("watch for signals"));
        let mut interrupt = handler(SignalKind::interrupt())?;
        let mut terminate = handler(SignalKind::terminate())?;
        tokio::select! {
            done = pin!(work) => done,
            _ = interrupt.recv() => Err(Failure::Interrupted),
            _ = terminate.recv() => Err(Failure::Interrupted),
        }
    })
}
