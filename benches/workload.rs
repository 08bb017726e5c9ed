//! The stack that benchmarks compile: N apps, each with four env values, two ports, a configuration file, a place,
//! resources and a route.

use std::fs;
use std::io;
use std::path::Path;

const STACK: &str = "\
stackc: 1
name: bench
k3s: v1.37.1+k3s1
vars: {domain: example.org}
nodes:
  alpha: {arch: amd64, roles: [web]}
  beta: {arch: arm64}
  gamma: {arch: arm64}
ingress:
  tls: {cert: [\"{{ domain }}\", \"*.{{ domain }}\"]}
  clientIP: cloudflare
  place: {node: alpha}
secrets: {cert: {type: kubernetes.io/tls}}
platforms: {registry.example/web: [amd64, arm64]}
";

/// Writes a stack of `apps` apps into a folder.
///
/// # Errors
/// The folder cannot be written.
pub fn write(folder: &Path, apps: usize) -> io::Result<()> {
    for name in ["apps", "files"] {
        fs::create_dir_all(folder.join(name))?;
    }
    fs::write(folder.join("stack.yaml"), STACK)?;
    for number in 0..apps {
        fs::write(folder.join(format!("apps/app-{number:05}.yaml")), app(number))?;
        fs::write(folder.join(format!("files/app-{number:05}.conf")), config(number))?;
    }
    Ok(())
}

fn app(number: usize) -> String {
    format!(
        "\
kind: app
image: registry.example/web:1.{number}
place: {{role: web}}
ports: {{http: 8080, metrics: 9090}}
env:
  NUMBER: {number}
  LOG_LEVEL: info
  PUBLIC_URL: \"https://app-{number}.{{{{ domain }}}}/\"
  POD_IP: {{field: status.podIP}}
resources: {{cpu: 50m, memory: 128Mi}}
volumes:
  /etc/app/app.conf: {{file: app-{number:05}.conf}}
routes:
  web: {{host: \"app-{number}.{{{{ domain }}}}\", port: http}}
"
    )
}

fn config(number: usize) -> String {
    format!("# settings of app {number}\n") + &"key = value that is about as long as settings are\n".repeat(7)
}
