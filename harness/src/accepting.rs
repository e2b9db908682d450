//! Accepting connections, also where there is no descriptor left for one.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};

/// How long to wait for some connection to end, where no more can be accepted.
const UNTIL_ONE_ENDS: Duration = Duration::from_millis(10);

/// The next connection.
pub(crate) async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // Out of descriptors, say; to ask again at once would keep a processor busy until one is free.
            Err(_) => sleep(UNTIL_ONE_ENDS).await,
        }
    }
}
