//! `externalTrafficPolicy: Local` on a k3s whose load balancer does not know it yet.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::reach::is_balanced;
use crate::source::Span;

/// ServiceLB forwards from every node, Local or not.
pub static CODE: Code = Code {
    name: "servicelb-ignores-local",
    severity: Severity::Warning,
    page: Page {
        about: "`clientIP` makes Traefik's Service `externalTrafficPolicy: Local`. k3s' own load balancer honours that\n\
                from v1.26.2, v1.25.7, v1.24.11 and v1.23.17 on. An older one announces every node's address, while\n\
                only nodes that run Traefik answer: point DNS at those nodes alone (`ingress.place`), or upgrade k3s.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.22.7+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              ingress: {clientIP: cloudflare}\nplatforms: {registry.example/web: [amd64]}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               ingress: {clientIP: cloudflare}\nplatforms: {registry.example/web: [amd64]}\n",
    },
};

/// Tells it at the key that asks for Local, for Traefik and for each Service.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let stack = facts.stack;
    if stack.release.servicelb_honours_local() || stack.disables("servicelb").is_some() {
        return;
    }
    // What was rendered elsewhere brings no Traefik; its stack's own check tells this.
    let traefik = facts.configured().filter(|(_, traefik)| !traefik.on_host());
    let local = traefik.as_ref().and_then(|(_, traefik)| traefik.local());
    let services = facts.services.iter().filter(|object| is_balanced(object, stack));
    let policies = services.filter_map(|object| object.body.at(&["spec", "externalTrafficPolicy"]));
    let own = policies.filter(|policy| policy.as_text() == Some("Local"));
    for (policy, who) in local.map(|local| (local, "Traefik")).into_iter().chain(own.map(|policy| (policy, "it"))) {
        found.push(told(facts, policy.span, who));
    }
}

fn told(facts: &Facts<'_>, span: Span, who: &str) -> Finding {
    let version = facts.stack.release.version();
    let message = format!("the load balancer of {version} does not honour `externalTrafficPolicy: Local`");
    let place = if who == "Traefik" { " (`ingress.place`)" } else { "" };
    Finding::new(&CODE, span, message)
        .label("asks for it")
        .also(facts.stack.release_span, "this release")
        .note(format!("every node's address is announced, but only nodes that run {who} answer"))
        .help(format!("point DNS at the nodes that run {who}{place}, or upgrade to v1.23.17, v1.24.11, v1.25.7, v1.26.2 or newer"))
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{told, traefik};

    #[test]
    fn all_that_ask_for_it() {
        let old = "k3s: v1.22.7+k3s1";
        let service = |more: &str| {
            format!("apiVersion: v1\nkind: Service\nmetadata: {{name: dns}}\nspec: {{type: LoadBalancer, externalTrafficPolicy: Local{more}}}\n")
        };
        let config = traefik("service: {spec: {externalTrafficPolicy: Local}}");
        assert_eq!(told(super::run, old, &config).len(), 1);
        assert_eq!(told(super::run, old, &service("")).len(), 1);
        assert_eq!(told(super::run, old, &service(", loadBalancerClass: example.org/own")).len(), 0);
        assert_eq!(told(super::run, old, &service("").replace("Local", "Cluster")).len(), 0);
        assert_eq!(told(super::run, "k3s: v1.26.2+k3s1", &format!("{config}---\n{}", service(""))).len(), 0);
        let disabled = "k3s: {version: v1.22.7+k3s1, disable: [servicelb]}";
        assert_eq!(told(super::run, disabled, &format!("{config}---\n{}", service(""))).len(), 0);
    }
}
