//! Ports that programs of a node listen on, whatever pods run there (k3s' documentation, requirements of its network; the
//! kubelet's and kube-proxy's own defaults). Neither the scheduler nor the API server knows of them.

/// Which nodes have it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum On {
    /// Every node.
    Nodes,
    /// Servers: the role `control-plane`, `master` on older releases.
    Servers,
    /// Servers with the database in them: the role `etcd`.
    Etcd,
}

/// A port of a node's own program.
#[derive(Clone, Copy, Debug)]
pub struct OwnPort {
    /// The number.
    pub number: i64,
    /// `TCP` or `UDP`.
    pub protocol: &'static str,
    /// The program, as sentences name it.
    pub program: &'static str,
    /// Which nodes have it.
    pub on: On,
    /// Whether it listens on the loopback address alone.
    pub local: bool,
    /// Whether every setup has it: flannel may be told to use another way.
    pub sure: bool,
}

/// All of them, by number. What a setup must ask for (Spegel's 5001, WireGuard's 51820) is not among them.
pub const OWN_PORTS: [OwnPort; 14] = [
    own(2379, "etcd", On::Etcd, false),
    own(2380, "etcd", On::Etcd, false),
    own(2381, "etcd", On::Etcd, true),
    own(2382, "etcd", On::Etcd, true),
    own(6443, "the API server", On::Servers, false),
    own(6444, "k3s", On::Nodes, true),
    OwnPort { protocol: "UDP", sure: false, ..own(8472, "flannel", On::Nodes, false) },
    own(10010, "containerd", On::Nodes, true),
    own(10248, "the kubelet", On::Nodes, true),
    own(10249, "kube-proxy", On::Nodes, true),
    own(10250, "the kubelet", On::Nodes, false),
    own(10256, "kube-proxy", On::Nodes, false),
    own(10257, "the controller manager", On::Servers, true),
    own(10259, "the scheduler", On::Servers, true),
];

const fn own(number: i64, program: &'static str, on: On, local: bool) -> OwnPort {
    OwnPort { number, protocol: "TCP", program, on, local, sure: true }
}

impl OwnPort {
    /// Whether a node with these roles has it.
    pub fn is_on(&self, roles: &[String]) -> bool {
        let has = |role: &str| roles.iter().any(|own| own == role);
        match self.on {
            On::Nodes => true,
            On::Servers => has("control-plane") || has("master"),
            On::Etcd => has("etcd"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_each_port_stands_once() {
        assert!(
            OWN_PORTS.is_sorted_by(|one, other| (one.number, one.protocol) < (other.number, other.protocol))
        );
    }

    #[test]
    fn roles_say_which_nodes_are_servers() {
        let on = |number: i64, roles: &[&str]| {
            let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
            OWN_PORTS.iter().any(|port| port.number == number && port.is_on(&roles))
        };
        assert!(
            on(10250, &[]) && on(6443, &["control-plane"]) && on(6443, &["master"]) && on(2379, &["etcd"])
        );
        assert!(!on(6443, &["etcd"]) && !on(2379, &["control-plane"]) && !on(6443, &[]));
    }
}
