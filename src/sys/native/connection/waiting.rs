//! The events that a connection waits for, in each of its stages.

use std::{io, sync::Arc};

use mio::{Registry, Token, net::TcpStream};

use super::{
    super::notify::{Interrupt, Wants},
    ConnectionStage, TcpConnection,
};
use crate::{link::Link, sys::server::ServerConnection};

impl TcpConnection {
    /// Returns the events after which a poll can do something.
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

    /// Registers for these events. They appear under the token in the registry's queue, or wake the interrupt's
    /// sleeper.
    pub(in super::super) fn register(
        &mut self,
        registry: &Registry,
        interrupt: &Arc<Interrupt>,
        token: usize,
        wants: &Wants,
    ) -> io::Result<()> {
        let Some(interest) = wants.interest() else {
            if let ConnectionStage::Dialing(dialing) = &self.stage {
                dialing.dial.wakes(interrupt);
            }
            return Ok(());
        };
        let register = |tcp: &mut TcpStream| match registry.reregister(tcp, Token(token), interest) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                registry.register(tcp, Token(token), interest)
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
