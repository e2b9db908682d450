//! What a connection costs that was used once and now does nothing.

use std::io;
use std::time::Duration;

use super::echo::MESSAGE;
use super::{Figure, Scene, Unit};
use crate::link::Size;
use crate::target::Role;
use crate::usage;

/// Until what is freed after the last message is freed.
const REST: Duration = Duration::from_millis(500);

pub(super) async fn run(scene: &Scene<'_>, connections: usize) -> io::Result<Vec<Figure>> {
    scene.books.begin(Role::Echo);
    let message = scene.pattern.at(0, MESSAGE).to_vec();
    let open = async || {
        let mut link = scene.dialer.dial(Size::Small).await?;
        let wrapped = link.wrap(&message, MESSAGE);
        link.echo(&wrapped, &message).await?;
        io::Result::Ok(link)
    };
    // What the first one makes is there for all.
    let first = open().await?;
    let before = usage::memory(&(scene.processes)())?;
    let mut links = Vec::with_capacity(connections);
    for number in 0..connections {
        links.push(open().await.map_err(|error| {
            io::Error::new(error.kind(), format!("connection {}: {error}", number + 1))
        })?);
    }
    tokio::time::sleep(REST).await;
    let after = usage::memory(&(scene.processes)())?;
    drop((first, links));
    let each = after.saturating_sub(before) as f64 / connections as f64 / 1024.0;
    Ok(vec![Figure { unit: Unit::KibPerConnection, value: each }])
}
