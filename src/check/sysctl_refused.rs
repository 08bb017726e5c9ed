//! Kernel settings that a node's kubelet refuses.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::yaml::Node;

/// An unsafe sysctl on a node that does not allow it.
pub static CODE: Code = Code {
    name: "sysctl-refused",
    severity: Severity::Error,
    page: Page {
        about: "A pod sets a kernel setting that Kubernetes counts as unsafe, and may land on a node whose kubelet does\n\
                not allow it. The scheduler knows nothing of it: the pod is sent there, refused (SysctlForbidden), and\n\
                made anew for ever. Start the node's kubelet with `allowed-unsafe-sysctls` and say so under the node,\n\
                or keep the pod to nodes that allow it.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nsecurityContext: {sysctls: {net.ipv4.ip_forward: 1}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n\
               \x20 alpha: {arch: amd64, allowedUnsafeSysctls: [net.ipv4.ip_forward]}\n\
               platforms: {registry.example/web: [amd64]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nsecurityContext: {sysctls: {net.ipv4.ip_forward: 1}}\n",
    },
};

/// What every kubelet allows, with the minor since when (Kubernetes' page "Using sysctls in a Kubernetes Cluster").
const SAFE: [(&str, u16); 12] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 18),
    ("net.ipv4.ip_unprivileged_port_start", 22),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
];

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let minor = facts.stack.release.version().minor;
    for landing in facts.landings.iter().filter(|landing| landing.readable) {
        let sysctls = landing.pod.spec.at(&["securityContext", "sysctls"]).map_or(&[][..], Node::items);
        for name in sysctls.iter().filter_map(|item| item.get("name")) {
            // Both separators are taken; the kubelet compares dots.
            let Some(text) = name.as_text().map(|text| text.replace('/', ".")) else { continue };
            if is_safe(&text, minor) {
                continue;
            }
            let refusing: Vec<&str> = landing
                .open()
                .filter(|node| !node.allowed_unsafe_sysctls.iter().any(|allowed| allows(allowed, &text)))
                .map(|node| node.name.value.as_str())
                .collect();
            let Some(first) = refusing.first() else { continue };
            found.push(
                Finding::new(&CODE, name.span, format!("`{text}` is refused on {}", refusing.join(", ")))
                    .note(format!("{} may land there, and is not told beforehand", landing.object.id))
                    .help(format!("if the kubelet allows it, say so under the node: {first}: {{allowedUnsafeSysctls: [{text}]}}"))
                    .help("or keep the pod to nodes that allow it with `place`"),
            );
        }
    }
}

fn is_safe(sysctl: &str, minor: u16) -> bool {
    SAFE.iter().any(|(safe, since)| *safe == sysctl && minor >= *since)
}

/// Whether the kubelet's word, which may end in `*`, means this one.
fn allows(allowed: &str, sysctl: &str) -> bool {
    let allowed = allowed.replace('/', ".");
    allowed.strip_suffix('*').map_or(allowed == sysctl, |start| sysctl.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::{allows, is_safe};

    #[test]
    fn what_is_safe_grows_with_the_minor() {
        assert!(is_safe("net.ipv4.tcp_syncookies", 22));
        assert!(!is_safe("net.ipv4.tcp_rmem", 31) && is_safe("net.ipv4.tcp_rmem", 32));
        assert!(!is_safe("net.ipv4.ip_forward", 37));
    }

    #[test]
    fn a_kubelet_allows_names_and_beginnings() {
        assert!(allows("net.ipv4.ip_forward", "net.ipv4.ip_forward"));
        assert!(allows("net/ipv4/ip_forward", "net.ipv4.ip_forward"));
        assert!(allows("net.ipv4.*", "net.ipv4.ip_forward") && allows("kernel.msg*", "kernel.msgmax"));
        assert!(!allows("net.ipv4", "net.ipv4.ip_forward") && !allows("net.ipv6.*", "net.ipv4.ip_forward"));
    }
}
