//! Xray. It takes its whole configuration from files: of two inbounds with one tag it keeps the last, so that clients
//! cannot come from elsewhere.

use super::Program;
use crate::kinds::engine::Engine;

pub(super) const ENGINE: Engine<Program> = Engine {
    name: "xray",
    images: &["ghcr.io/xtls/xray-core", "docker.io/teddysun/xray"],
    program: Program {
        commands: &[("docker.io/teddysun/xray", "/usr/bin/xray")],
        transports: &["ws", "httpupgrade", "xhttp", "grpc"],
        folder: "/etc/xray",
        // It tells a file's format by its ending alone, and does not start otherwise.
        endings: &[".json", ".jsonc", ".yaml", ".yml", ".toml", ".pb"],
        args: |_, file| vec!["run".to_owned(), "-c".to_owned(), file.to_owned()],
        // Its image's own configuration logs there.
        logs: Some("/var/log/xray"),
        clients: None,
        untrusting: Some((
            [26, 6, 22],
            "in the inbound's streamSettings: \"sockopt\": {\"trustedXForwardedFor\": [\"CF-Connecting-IP\"]}",
        )),
    },
};
