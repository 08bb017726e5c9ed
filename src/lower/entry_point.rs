//! The entry points that routes name: Traefik's own two, and those of `ingress.entryPoints`.

use crate::finding::{Findings, list, nearest};
use crate::stack::{EntryPoint, Protocol, Stack, value_invalid};
use crate::yaml::Spanned;

/// Those that every Traefik of k3s has; they speak TCP.
const OWN: [&str; 2] = ["web", "websecure"];

/// Those of stack.yaml.
pub(super) fn declared(stack: &Stack) -> &[EntryPoint] {
    stack.ingress.as_ref().map_or(&[][..], |ingress| &ingress.entry_points)
}

/// Tells each that is not there, or speaks the other protocol.
pub(super) fn check(points: &[Spanned<String>], protocol: Protocol, stack: &Stack, found: &mut Findings) {
    let declared = declared(stack);
    for point in points {
        match declared.iter().find(|known| known.name.value == point.value) {
            Some(known) if known.protocol == protocol => {}
            Some(known) => found.push(
                value_invalid(
                    point.span,
                    format!(
                        "the entry point `{}` is {}, this route wants {}",
                        point.value,
                        known.protocol.word(),
                        protocol.word()
                    ),
                )
                .also(known.name.span, "declared here"),
            ),
            None if protocol == Protocol::TCP && OWN.contains(&point.value.as_str()) => {}
            None => {
                let message = format!("there is no entry point `{}`", point.value);
                found.push(value_invalid(point.span, message).help(way_out(point, protocol, declared)));
            }
        }
    }
}

fn way_out(point: &Spanned<String>, protocol: Protocol, declared: &[EntryPoint]) -> String {
    let own = OWN.into_iter().filter(|_| protocol == Protocol::TCP);
    let fitting = declared.iter().filter(|known| known.protocol == protocol);
    let names: Vec<&str> = own.chain(fitting.map(|known| known.name.value.as_str())).collect();
    if let Some(near) = nearest(&point.value, names.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    if declared.is_empty() {
        let long = if protocol == Protocol::UDP { "{port: PORT, protocol: UDP}" } else { "PORT" };
        return format!("declare it in stack.yaml: ingress: {{entryPoints: {{{}: {long}}}}}", point.value);
    }
    format!("known here: {}", list(names))
}
