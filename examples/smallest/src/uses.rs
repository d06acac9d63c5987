//! Further uses of the library, each in a feature of its own, so that what it adds to the page can be measured.

#[cfg(feature = "liveness")]
mod liveness {
    use wasm_bindgen::prelude::wasm_bindgen;
    use websocket_peer::{Liveness, Packet, PeerOptions};

    use crate::Client;

    #[wasm_bindgen]
    impl Client {
        /// Sets a probe for the next connection.
        pub fn probe(&mut self, text: &str) {
            self.0.set_options(PeerOptions::default().liveness(Liveness::new(Packet::text(text))));
        }
    }
}

#[cfg(feature = "on-wake")]
mod on_wake {
    use wasm_bindgen::prelude::wasm_bindgen;

    use crate::Client;

    #[wasm_bindgen]
    extern "C" {
        /// The page polls in it.
        fn wake();
    }

    #[wasm_bindgen]
    impl Client {
        /// Lets the page be woken when there is something to poll for.
        pub fn on_wake(&mut self) -> Result<(), String> {
            self.0.on_wake(wake).map_err(|error| error.to_string())
        }
    }
}

#[cfg(feature = "protocols")]
mod protocols {
    use wasm_bindgen::prelude::wasm_bindgen;
    use websocket_peer::PeerOptions;

    use crate::Client;

    #[wasm_bindgen]
    impl Client {
        /// Offers a sub-protocol in the next connection.
        pub fn offer(&mut self, protocol: &str) {
            self.0.set_options(PeerOptions::default().protocols([protocol]));
        }

        /// Returns the sub-protocol that the server chose.
        pub fn protocol(&self) -> Option<String> {
            self.0.protocol().map(str::to_owned)
        }
    }
}

#[cfg(feature = "variant")]
mod variant {
    use wasm_bindgen::prelude::wasm_bindgen;

    use crate::Client;

    #[wasm_bindgen]
    impl Client {
        /// Sends the next packet back, decoded and encoded again.
        pub fn echo_variant(&mut self) -> Result<(), String> {
            let Some(packet) = self.0.recv() else { return Ok(()) };
            let value = packet.to_variant().map_err(|error| error.to_string())?;
            self.0.send_variant(&value).map_err(|error| error.to_string())
        }
    }
}

#[cfg(feature = "mid-level")]
mod mid_level {
    use wasm_bindgen::prelude::wasm_bindgen;
    use websocket_peer::{
        PeerOptions,
        multiplayer::{PeerEvent, Target, WebSocketMultiplayerPeer},
    };

    /// A peer with an id, which sends to others by theirs.
    #[wasm_bindgen]
    pub struct MidLevel(WebSocketMultiplayerPeer);

    #[wasm_bindgen]
    impl MidLevel {
        /// Starts to connect.
        #[wasm_bindgen(constructor)]
        pub fn new(url: &str) -> Result<MidLevel, String> {
            let peer = WebSocketMultiplayerPeer::connect(url, PeerOptions::default());
            peer.map(Self).map_err(|error| error.to_string())
        }

        /// Polls, and returns the next packet or how the connection ended.
        pub fn poll(&mut self) -> Option<String> {
            self.0.poll();
            match self.0.next_event()? {
                PeerEvent::Packet(_, packet) => packet.into_text().ok(),
                PeerEvent::Disconnected(_, info) => Some(info.to_string()),
                _ => None,
            }
        }

        /// Sends a packet to all other peers.
        pub fn send(&mut self, data: &[u8]) -> Result<(), String> {
            self.0.send(Target::All, data).map_err(|error| error.to_string())
        }
    }
}

#[cfg(feature = "scene")]
mod scene {
    use wasm_bindgen::prelude::wasm_bindgen;
    use websocket_peer::multiplayer::{Event, MultiplayerOptions, Node, SceneMultiplayer, Target};

    websocket_peer::rpc! {
        /// The methods of the node.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Chat {
            Say { text: String } = "say" [any_peer];
        }
    }

    /// A session with a Godot engine, and one node with one remote method.
    #[wasm_bindgen]
    pub struct Scene(SceneMultiplayer, Node<Chat>);

    #[wasm_bindgen]
    impl Scene {
        /// Starts to connect.
        #[wasm_bindgen(constructor)]
        pub fn new(url: &str) -> Result<Scene, String> {
            let mut scene = SceneMultiplayer::connect(url, MultiplayerOptions::default())
                .map_err(|error| error.to_string())?;
            let node = scene.session().register_node::<Chat>("Chat").map_err(|error| error.to_string())?;
            Ok(Self(scene, node))
        }

        /// Polls, and returns the text of the next call or how the connection ended.
        pub fn poll(&mut self) -> Option<String> {
            self.0.poll();
            match self.0.next_event()? {
                Event::Call(call) => match self.1.read(call)?.ok()? {
                    Chat::Say { text } => Some(text),
                },
                Event::Disconnected { info } => Some(info.to_string()),
                _ => None,
            }
        }

        /// Calls the method at all other peers.
        pub fn say(&mut self, text: String) -> Result<(), String> {
            let call = Chat::Say { text };
            self.0.session().call(self.1, Target::All, call).map_err(|error| error.to_string())
        }
    }
}
