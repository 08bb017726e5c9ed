//! Callers that Traefik believes, and anybody can be.

use super::Facts;
use super::trust::{Believed, believed, typed};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::reach::Header;

/// Everybody is believed, or every pod.
pub static CODE: Code = Code {
    name: "trust-too-wide",
    severity: Severity::Error,
    page: Page {
        about: "Traefik believes what a caller says of a client's address, and anybody can be that caller: all addresses\n\
                are trusted, or `insecure` is set, or the range of pods is. Without `externalTrafficPolicy: Local` every\n\
                request comes from that range; with it, every pod could still claim any address. Rate limits, allow\n\
                lists and logs then rest on what an attacker writes. Trust the proxy's own addresses alone.",
        bad: "# manifests/traefik.yaml\napiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\n\
              metadata: {name: traefik, namespace: kube-system}\nspec:\n  valuesContent: |-\n    service: {spec: {externalTrafficPolicy: Local}}\n\
              \x20   additionalArguments:\n\
              \x20   - --entryPoints.web.forwardedHeaders.trustedIPs=0.0.0.0/0\n\
              \x20   - --entryPoints.websecure.forwardedHeaders.trustedIPs=0.0.0.0/0\n",
        good: "# manifests/traefik.yaml\napiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\n\
               metadata: {name: traefik, namespace: kube-system}\nspec:\n  valuesContent: |-\n    service: {spec: {externalTrafficPolicy: Local}}\n\
               \x20   additionalArguments:\n\
               \x20   - --entryPoints.web.forwardedHeaders.trustedIPs=173.245.48.0/20\n\
               \x20   - --entryPoints.websecure.forwardedHeaders.trustedIPs=173.245.48.0/20\n",
    },
};

/// The widest range that one proxy's owner has. Cloudflare's widest is a /12, and no network is larger than a /8.
const SHORTEST: (u8, u8) = (8, 16);

const FORGED: &str = "anyone could then claim any client address in X-Forwarded-For";

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let Some((_, traefik)) = facts.configured() else { return };
    for trusted in traefik.trusted() {
        let Some(node) = trusted.insecure else { continue };
        let header = match trusted.header {
            Header::Forwarded => "forwardedHeaders",
            Header::Proxy => "proxyProtocol",
        };
        let message = format!("`{header}.insecure` lets the entry point `{}` believe every caller", trusted.point);
        found.push(
            Finding::new(&CODE, node.span, message)
                .note(FORGED)
                .help(format!("leave it out; {}", typed(facts, "{clientIP: cloudflare}"))),
        );
    }
    let (wide, rest): (Vec<_>, Vec<_>) = believed(facts).into_iter().partition(is_wide);
    if let Some(finding) = anybody(&wide, facts) {
        found.push(finding);
    }
    for one in rest {
        if let Some(finding) = of_pods(&one, facts, traefik.local().is_some() || traefik.on_host()) {
            found.push(finding);
        }
    }
}

fn is_wide(one: &Believed<'_>) -> bool {
    let (v4, v6) = SHORTEST;
    one.range.is_some_and(|range| range.prefix_len() < if range.addr().is_ipv4() { v4 } else { v6 })
}

/// All of them once: `0.0.0.0/0` with `::/0`, and the two halves of the internet, are one mistake.
fn anybody(wide: &[Believed<'_>], facts: &Facts<'_>) -> Option<Finding> {
    let first = wide.first()?;
    let place = first.places.first()?;
    let all = first.range.is_some_and(|range| range.prefix_len() == 0);
    let who = if all { "every caller" } else { "callers from all over the internet" };
    let finding = Finding::new(&CODE, *place, format!("`{}` trusts {who}", first.text)).note(FORGED);
    let further = wide.iter().flat_map(|one| one.places.iter().map(move |at| (one.text, *at))).skip(1);
    let finding = further.fold(finding, |finding, (text, at)| match text {
        _ if at == *place => finding,
        text if text == first.text => finding.also(at, "here as well"),
        text => finding.also(at, format!("`{text}` as well")),
    });
    Some(finding.help(format!("list the proxy's own ranges; {}", typed(facts, "{clientIP: cloudflare}"))))
}

fn of_pods(one: &Believed<'_>, facts: &Facts<'_>, seen: bool) -> Option<Finding> {
    let range = one.range?;
    let (first, others) = one.places.split_first()?;
    let with = |finding: Finding| others.iter().fold(finding, |finding, place| finding.also(*place, "here as well"));
    let mut pods = facts.stack.network.cluster.iter();
    let (own, at) = pods.find(|(own, _)| own.contains(&range) || range.contains(own))?;
    let (weight, why) = if seen {
        (Severity::Warning, "any pod, of any app, could claim any client address")
    } else {
        (Severity::Error, "without `externalTrafficPolicy: Local` every caller comes from there, and could claim any client address")
    };
    let message = format!("`{}` trusts the pods of the cluster, {own}", one.text);
    let finding = Finding::new(&CODE, *first, message).weighs(weight).note(why);
    let finding = match at {
        Some(at) => finding.also(*at, "the pods' range"),
        None => finding,
    };
    Some(with(finding.help(format!("list the proxy's own addresses; {}", typed(facts, "{clientIP: cloudflare}")))))
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{told, traefik};

    const LOCAL: &str = "service: {spec: {externalTrafficPolicy: Local}}\n";

    fn wide(values: &str) -> Vec<String> {
        told(super::run, "", &traefik(values))
    }

    fn arguments(ranges: &str) -> String {
        format!("additionalArguments: ['--entryPoints.web.forwardedHeaders.trustedIPs={ranges}']")
    }

    #[test]
    fn ranges_that_anybody_can_be_in() {
        for (ranges, told) in [
            ("0.0.0.0/0", 1),
            ("::/0", 1),
            ("0.0.0.0/0,::/0", 1),
            ("0.0.0.0/1,128.0.0.0/1", 1),
            ("0.0.0.0/0,10.42.0.0/16", 2),
            ("10.42.0.0/16", 1),
            ("10.42.3.0/24", 1),
            ("10.0.0.0/8", 1),
            ("10.43.0.0/16,192.168.0.0/16,173.245.48.0/20,2400:cb00::/32,127.0.0.1", 0),
            ("nonsense", 0),
        ] {
            assert_eq!(wide(&format!("{LOCAL}{}", arguments(ranges))).len(), told, "{ranges}");
        }
    }

    #[test]
    fn insecure_is_told_in_all_forms() {
        for values in [
            "additionalArguments: [--entryPoints.web.forwardedHeaders.insecure]",
            "additionalArguments: ['--ENTRYPOINTS.web.forwardedheaders.insecure=true']",
            "additionalArguments: [--entryPoints.web.proxyProtocol.insecure=true]",
            "ports: {web: {forwardedHeaders: {insecure: true}}}",
        ] {
            assert_eq!(wide(values).len(), 1, "{values}");
        }
        for values in [
            "additionalArguments: [--entryPoints.web.forwardedHeaders.insecure=false]",
            "ports: {web: {forwardedHeaders: {insecure: false}}}",
            "additionalArguments: [--api.insecure=true]",
        ] {
            assert_eq!(wide(values).len(), 0, "{values}");
        }
    }

    #[test]
    fn the_line_is_marked() {
        let told = wide("ports:\n  web:\n    forwardedHeaders:\n      trustedIPs:\n      - 1.2.3.4\n      - 0.0.0.0/0\n");
        assert_eq!(told, ["0.0.0.0/0: `0.0.0.0/0` trusts every caller"]);
    }
}
