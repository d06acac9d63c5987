//! An echo server on sockudo-ws. Answers are collected: reading flushes them before it waits.

use futures_util::{SinkExt, StreamExt};
use servers::{Args, Outcome, announce};
use sockudo_ws::{Config, Message, Result, Role, WebSocketStream, handshake::server_handshake};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
    task::unconstrained,
};

const MAX_BACKPRESSURE: usize = 1 << 30;

fn main() -> Outcome {
    let args = Args::parse_for_events()?;
    Builder::new_current_thread().enable_all().build()?.block_on(serve(args))
}

async fn serve(args: Args) -> Outcome {
    let listener = TcpListener::bind(&args.addr).await?;
    announce(listener.local_addr()?);
    let config = Config::builder()
        .max_payload_length(args.max_message)
        .max_backpressure(MAX_BACKPRESSURE)
        .idle_timeout(0)
        .auto_ping(false)
        .build();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let config = config.clone();
        // Without tokio's task budget, which is faster.
        tokio::spawn(unconstrained(async move {
            if let Err(error) = echo(stream, config).await {
                eprintln!("a connection ended: {error}");
            }
        }));
    }
}

async fn echo(mut stream: TcpStream, config: Config) -> Result<()> {
    let request = server_handshake(&mut stream).await?;
    let mut socket = WebSocketStream::from_raw_with_leftover(stream, Role::Server, config, request.leftover);
    while let Some(message) = socket.next().await {
        // The crate answers pings and closes.
        if let message @ (Message::Text(_) | Message::Binary(_)) = message? {
            socket.feed(message).await?;
        }
    }
    Ok(())
}
