//! A TCP forwarder whose connections can be cut, as by a lost network. New connections work again.

use std::net::{SocketAddr, TcpListener as StdListener};

use anyhow::{Context, Result};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::ports::loopback;

/// A running forwarder. Dropping this stops it.
pub struct Cable {
    addr: SocketAddr,
    cuts: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl Cable {
    /// Listens on a free port, and connects each client to `target`.
    pub fn start(target: SocketAddr) -> Result<Self> {
        let listener = StdListener::bind(loopback(0)).context("cannot listen")?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let listener = TcpListener::from_std(listener)?;
        let (cuts, _) = watch::channel(());
        let task = tokio::spawn(forward_all(listener, target, cuts.clone()));
        Ok(Self { addr, cuts, task })
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Ends all connections, without a close frame of either end.
    pub fn cut(&self) {
        self.cuts.send_replace(());
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.cut();
        self.task.abort();
    }
}

async fn forward_all(listener: TcpListener, target: SocketAddr, cuts: watch::Sender<()>) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                tokio::spawn(forward(client, target, cuts.subscribe()));
            }
            Err(error) => {
                eprintln!("cable: cannot accept a connection: {error}");
                return;
            }
        }
    }
}

async fn forward(mut client: TcpStream, target: SocketAddr, mut cuts: watch::Receiver<()>) {
    let work = async {
        let mut server = TcpStream::connect(target).await?;
        copy_bidirectional(&mut client, &mut server).await
    };
    tokio::select! {
        // Either end may reset the connection.
        _ = work => {}
        _ = cuts.changed() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_cut_ends_the_connections_and_new_ones_work() {
        let server = TcpListener::bind(loopback(0)).await.unwrap();
        let cable = Cable::start(server.local_addr().unwrap()).unwrap();
        for _ in 0..2 {
            let mut client = TcpStream::connect(cable.addr()).await.unwrap();
            let (mut accepted, _) = server.accept().await.unwrap();
            client.write_all(b"hello").await.unwrap();
            let mut received = [0; 5];
            accepted.read_exact(&mut received).await.unwrap();
            assert_eq!(&received, b"hello");
            cable.cut();
            // A reset is an end as well.
            for end in [&mut client, &mut accepted] {
                assert!(matches!(end.read(&mut received).await, Ok(0) | Err(_)));
            }
        }
    }
}
