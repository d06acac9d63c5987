//! Changes of single options: with a few of them most checks pass.

use std::time::Duration;

use arbitrary::{Result, Unstructured};

use crate::{
    options::{Liveness, OriginPolicy, PeerOptions, SendOverflow, ServerOptions, TlsCertificate, TlsRoots},
    packet::Packet,
};

/// Valid values of some options, and similar invalid ones.
const WORDS: [&str; 12] = [
    "chat",
    "game.v1",
    "X-Game",
    "Origin",
    "Retry-After",
    "Sec-WebSocket-Protocol",
    "/game",
    "https://h.example",
    "https://h.example:443",
    "h.example",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
];

pub(super) fn server(options: &mut ServerOptions, input: &mut Unstructured<'_>) -> Result<()> {
    match input.int_in_range(0..=21)? {
        0 => options.max_peers = size(input)?,
        1 => options.max_pending_handshakes = size(input)?,
        2 => options.max_pending_handshakes_per_address = size(input)?,
        3 => options.max_request_size = size(input)?,
        4 => options.max_buffered_bytes = size(input)?,
        5 => options.paths.push(text(input)?),
        6 => options.origins = origins(input)?,
        7 => options.allow_missing_origin = input.arbitrary()?,
        8 => options.dual_stack = input.arbitrary()?,
        9 => options.rate_limits.max_packets_per_second = input.arbitrary()?,
        10 => options.rate_limits.max_bytes_per_second = input.arbitrary()?,
        11 => options.rate_limits.max_control_frames_per_second = input.arbitrary()?,
        12 => options.rate_limits.max_fragments = input.arbitrary()?,
        13 => options.rate_limits.max_message_time = time(input)?,
        14 => options.send_overflow = *input.choose(&[SendOverflow::Reject, SendOverflow::DropOldest])?,
        15 => options.slow_reader_timeout = time(input)?,
        16 => options.max_peers_per_address = size(input)?,
        17 => options.max_connections_per_address_per_second = input.arbitrary()?,
        18 => options.hosts.push(text(input)?),
        _ => peer(&mut options.connection, input)?,
    }
    Ok(())
}

fn peer(options: &mut PeerOptions, input: &mut Unstructured<'_>) -> Result<()> {
    match input.int_in_range(0..=16)? {
        0 => options.max_message_size = size(input)?,
        1 => options.inbound_buffer_size = size(input)?,
        2 => options.outbound_buffer_size = size(input)?,
        3 => options.max_queued_packets = size(input)?,
        4 => options.backlog_buffer_size = size(input)?,
        5 => options.max_backlog_packets = size(input)?,
        6 => options.protocols.push(text(input)?),
        7 => options.headers.extend(headers(input)?),
        8 => options.connect_timeout = time(input)?,
        9 => options.close_timeout = time(input)?,
        10 => options.heartbeat_interval = time(input)?,
        11 => options.heartbeat_timeout = time(input)?,
        12 => options.nodelay = input.arbitrary()?,
        13 => options.tls.roots = roots(input)?,
        14 => options.tls.server_name = Some(text(input)?),
        15 => options.require_protocol = input.arbitrary()?,
        16 => {
            let liveness = Liveness::new(Packet::text(text(input)?));
            options.liveness = Some(liveness.silence(time(input)?).timeout(time(input)?));
        }
        _ => {
            let (certificates_pem, key_pem) = (text(input)?.into_bytes(), text(input)?.into_bytes());
            options.tls.certificate = Some(TlsCertificate::from_pem(certificates_pem, key_pem));
        }
    }
    Ok(())
}

fn size(input: &mut Unstructured<'_>) -> Result<usize> {
    const MAX: usize = i32::MAX as usize;
    Ok(match input.int_in_range(0..=7)? {
        0 => 0,
        1 => 1,
        2 => MAX,
        3 => MAX + 1,
        4 => usize::MAX,
        _ => input.arbitrary::<u16>()?.into(),
    })
}

fn time(input: &mut Unstructured<'_>) -> Result<Duration> {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    const TICK: Duration = Duration::from_nanos(1);
    Ok(match input.int_in_range(0..=7)? {
        0 => Duration::ZERO,
        1 => TICK,
        2 => DAY,
        3 => DAY + TICK,
        4 => Duration::MAX,
        _ => Duration::from_millis(input.arbitrary::<u16>()?.into()),
    })
}

/// One of [`WORDS`], or any text.
pub(super) fn text(input: &mut Unstructured<'_>) -> Result<String> {
    let index: u8 = input.arbitrary()?;
    match WORDS.get(usize::from(index)) {
        Some(&word) => Ok(word.to_owned()),
        None => {
            let len = usize::from(index).min(input.len());
            Ok(String::from_utf8_lossy(input.bytes(len)?).into_owned())
        }
    }
}

/// Header fields.
pub(super) fn headers(input: &mut Unstructured<'_>) -> Result<Vec<(String, String)>> {
    let count = input.int_in_range(0..=3)?;
    (0..count).map(|_| Ok((text(input)?, text(input)?))).collect()
}

fn origins(input: &mut Unstructured<'_>) -> Result<OriginPolicy> {
    Ok(match input.int_in_range(0..=2)? {
        0 => OriginPolicy::SameHost,
        1 => OriginPolicy::Any,
        _ => OriginPolicy::List(vec![text(input)?, text(input)?]),
    })
}

fn roots(input: &mut Unstructured<'_>) -> Result<TlsRoots> {
    Ok(match input.int_in_range(0..=3)? {
        0 => TlsRoots::Platform,
        1 => TlsRoots::Bundled,
        2 => TlsRoots::DangerouslyAcceptAny,
        _ => TlsRoots::Custom { pem: text(input)?.into_bytes() },
    })
}
