//! sing-box. It takes its whole configuration from one file, and believes X-Forwarded-For always.

use super::Program;
use crate::kinds::engine::Engine;

pub(super) const ENGINE: Engine<Program> = Engine {
    name: "sing-box",
    images: &["ghcr.io/sagernet/sing-box"],
    program: Program {
        commands: &[],
        transports: &["ws", "httpupgrade", "grpc"],
        folder: "/etc/sing-box",
        endings: &[],
        args: |_, file| vec!["run".to_owned(), "-c".to_owned(), file.to_owned()],
        logs: None,
        clients: None,
        untrusting: None,
    },
};
