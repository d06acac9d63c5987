//! What a connection waits for, in each of its stages.

use std::{io, sync::Arc};

use mio::{Registry, Token, net::TcpStream};

use super::{
    super::notify::{Interrupt, Wants},
    ConnectionStage, TcpConnection,
};
use crate::link::Link;

impl TcpConnection {
    /// Returns what has to happen before a poll can move it on.
    pub(in super::super) fn wants(&self, link: &Link) -> Wants {
        let wants = match &self.stage {
            ConnectionStage::Dialing(dialing) => dialing.dial.wants(),
            ConnectionStage::Opening(opening) => opening.wants(),
            ConnectionStage::Open(open) => return open.wants(link),
            ConnectionStage::Lingering(linger) => linger.wants(),
            ConnectionStage::Over => Wants::default(),
        };
        Wants { due: wants.due.min(self.next_deadline()), ..wants }
    }

    /// Wakes the interrupt's sleeper, or shows this ticket in the registry's queue, when that has happened.
    pub(in super::super) fn register(
        &mut self,
        registry: &Registry,
        interrupt: &Arc<Interrupt>,
        ticket: usize,
        wants: &Wants,
    ) -> io::Result<()> {
        let Some(interest) = wants.interest() else {
            if let ConnectionStage::Dialing(dialing) = &self.stage {
                dialing.dial.wakes(interrupt);
            }
            return Ok(());
        };
        let register = |tcp: &mut TcpStream| match registry.reregister(tcp, Token(ticket), interest) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                registry.register(tcp, Token(ticket), interest)
            }
            result => result,
        };
        match &mut self.stage {
            ConnectionStage::Dialing(dialing) => dialing.dial.sockets().iter_mut().try_for_each(register),
            ConnectionStage::Opening(opening) => register(opening.stream_mut().tcp_mut()),
            ConnectionStage::Open(open) => register(open.stream_mut().tcp_mut()),
            ConnectionStage::Lingering(linger) => register(linger.stream_mut().tcp_mut()),
            ConnectionStage::Over => Ok(()),
        }
    }
}
