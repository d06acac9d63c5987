//! An echo server on tokio-tungstenite with its defaults: one task per connection, one thread.

use futures_util::{SinkExt, StreamExt};
use servers::{Args, Outcome, announce};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
};
use tokio_tungstenite::accept_async_with_config;
use tungstenite::{Error, protocol::WebSocketConfig};

fn main() -> Outcome {
    let args = Args::parse_for_events()?;
    Builder::new_current_thread().enable_io().build()?.block_on(serve(args))
}

async fn serve(args: Args) -> Outcome {
    let listener = TcpListener::bind(&args.addr).await?;
    announce(listener.local_addr()?);
    let config = WebSocketConfig::default()
        .max_message_size(Some(args.max_message))
        .max_frame_size(Some(args.max_message));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            if let Err(error) = echo(stream, config).await {
                eprintln!("a connection ended: {error}");
            }
        });
    }
}

async fn echo(stream: TcpStream, config: WebSocketConfig) -> Result<(), Error> {
    let mut socket = accept_async_with_config(stream, Some(config)).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}
