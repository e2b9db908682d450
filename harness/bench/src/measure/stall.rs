//! A client that reads nothing, while the target has no end of data.

use std::io;
use std::time::Duration;

use super::{Figure, Scene, Unit};
use crate::link::{Link, Size};
use crate::queues;
use crate::target::Role;

/// The proxy takes no more when nothing changed for so long.
const STILL: Duration = Duration::from_millis(500);

/// One that goes on and on is not waited for.
const MOST: u32 = 8;

pub(super) async fn run(scene: &Scene<'_>) -> io::Result<Vec<Figure>> {
    scene.books.begin(Role::Source);
    let link = scene.dialer.dial(Size::Small).await?;
    let mut sent = 0;
    for _ in 0..MOST {
        tokio::time::sleep(STILL).await;
        let now = scene.books.sent();
        if now == sent && now > 0 {
            break;
        }
        sent = now;
    }
    let held = in_sockets(scene, &link)?;
    let hoarded = scene.books.sent().saturating_sub(held) as f64 / 1024.0;
    Ok(vec![Figure { unit: Unit::KibHoarded, value: hoarded }])
}

/// What waits in the four sockets on the way. What is framed or encrypted counts with its wrapping, which is less than
/// a hundredth of it.
fn in_sockets(scene: &Scene<'_>, link: &Link) -> io::Result<u64> {
    let missing = || io::Error::other("the target was not connected to");
    let (target, proxy) = scene.books.last().ok_or_else(missing)?;
    let (client, front) = (link.local, scene.dialer.address());
    let ends = [(target, proxy), (proxy, target), (front, client), (client, front)];
    ends.iter().try_fold(0, |sum, (local, remote)| {
        let queues = queues::of(*local, *remote)?;
        io::Result::Ok(sum + queues.to_send + queues.to_read)
    })
}
