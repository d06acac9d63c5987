//! An echo server on yawc as its own benchmark tunes it: large buffers, and one flush for up to 32 messages that are there.

use futures_util::{FutureExt, SinkExt, StreamExt};
use http_body_util::Empty;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use servers::{Args, Outcome, announce};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
    task::unconstrained,
};
use yawc::{Frame, HttpWebSocket, OpCode, Options, Result, UpgradeFut, WebSocket};

const READ_BUFFER: usize = 128 * 1024;
const WRITE_BUFFER: usize = 64 * 1024;
const BATCH: usize = 32;

fn main() -> Outcome {
    let args = Args::parse_for_events()?;
    Builder::new_current_thread().enable_io().build()?.block_on(serve(args))
}

async fn serve(args: Args) -> Outcome {
    let listener = TcpListener::bind(&args.addr).await?;
    announce(listener.local_addr()?);
    // The limits are the smallest sizes that are rejected.
    let options = Options::default()
        .without_compression()
        .with_limits(args.max_message + 1, args.max_message + 1)
        .with_read_buffer_capacity(READ_BUFFER)
        .with_backpressure_boundary(WRITE_BUFFER);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(handshake(stream, options.clone()));
    }
}

async fn handshake(stream: TcpStream, options: Options) {
    let service = service_fn(|request| {
        let options = options.clone();
        async move { answer(request, options) }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    if let Err(error) = connection.await {
        eprintln!("a handshake failed: {error}");
    }
}

fn answer(mut request: Request<Incoming>, options: Options) -> Result<Response<Empty<Bytes>>> {
    let (response, upgraded) = WebSocket::upgrade_with_options(&mut request, options)?;
    // Without tokio's task budget, which is faster.
    tokio::spawn(unconstrained(async move {
        if let Err(error) = echo(upgraded).await {
            eprintln!("a connection ended: {error}");
        }
    }));
    Ok(response)
}

async fn echo(upgraded: UpgradeFut) -> Result<()> {
    let mut socket = upgraded.await?;
    while let Some(frame) = socket.next().await {
        answer_frame(&mut socket, frame).await?;
        for _ in 1..BATCH {
            let Some(Some(frame)) = socket.next().now_or_never() else { break };
            answer_frame(&mut socket, frame).await?;
        }
        socket.flush().await?;
    }
    Ok(())
}

async fn answer_frame(socket: &mut HttpWebSocket, frame: Frame) -> Result<()> {
    match frame.opcode() {
        OpCode::Text | OpCode::Binary => socket.feed(frame).await,
        _ => Ok(()),
    }
}
