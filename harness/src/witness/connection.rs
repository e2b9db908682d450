//! One connection as the relay and those who ask about it share it.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use tokio::{sync::watch, time::Instant};

use super::recording::Recording;
use crate::observation::{Ending, Party};

/// A connection that is being relayed, or has been.
#[derive(Debug)]
pub(super) struct Connection {
    recording: Mutex<Recording>,
    over: watch::Sender<bool>,
}

impl Connection {
    pub(super) fn new() -> Self {
        Self {
            recording: Mutex::new(Recording::new(SystemTime::now())),
            over: watch::Sender::new(false),
        }
    }

    pub(super) fn heard(&self, sent_by: Party, bytes: &[u8]) {
        self.lock().heard(sent_by, bytes);
    }

    pub(super) fn ended(&self, by: Party, how: Ending) {
        self.lock().ended(by, how);
    }

    /// Nothing more will pass.
    pub(super) fn over(&self) {
        self.over.send_replace(true);
    }

    /// Waits, until the deadline, for nothing more to pass.
    pub(super) async fn wait_until_over(&self, deadline: Instant) {
        let mut over = self.over.subscribe();
        // It is told as it is then, over or not.
        tokio::time::timeout_at(deadline, over.wait_for(|over| *over)).await.ok();
    }

    /// What has passed so far.
    pub(super) fn recording(&self) -> Recording {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Recording> {
        self.recording.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
