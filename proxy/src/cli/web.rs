//! The options of the web folder.

use std::path::PathBuf;

use clap::Args;

use crate::settings::{DirectoryListing, Settings};

#[derive(Debug, Args)]
#[command(next_help_heading = "Web pages")]
pub(super) struct WebOptions {
    /// Serve the files of DIR over http:// and https:// on the same port. Files with a private key are never served,
    /// nor those of --auth-source-file and --token-source
    #[arg(long, value_name = "DIR")]
    web: Option<PathBuf>,

    /// Do not list folders without index.html
    #[arg(long)]
    file_only: bool,
}

impl WebOptions {
    pub(super) fn put(self, settings: &mut Settings) {
        settings.web = self.web;
        settings.listing =
            if self.file_only { DirectoryListing::Hidden } else { DirectoryListing::Shown };
    }
}
