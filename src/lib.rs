//! `stackc` compiles a typed stack directory into plain Kubernetes YAML for k3s.
//!
//! Data flows one way. The rooms, in order; a room imports only from rooms above it in this list
//! (`tests/layers.rs` reads the list and holds every import to it):

pub mod source; // file ids, spans, line tables, which files make a stack
pub mod finding; // what is wrong, where, and the way out; data only
pub mod yaml; // bytes to nodes that know their place, and back
pub mod template; // minijinja inside one text value
pub mod kube; // objects, pods, images, selectors: Kubernetes' own rules
pub mod k3s; // facts of k3s by release, as rows
pub mod traefik; // rules as Traefik reads them, and which of two takes all that the other would
pub mod lock; // stackc.lock as text to pins and back
pub mod stack; // the typed stack: cluster, network, nodes, ingress, secrets, app, place
pub mod kinds; // one file a kind of app; a kind becomes the general app
pub mod lower; // the general app to objects
pub mod transform; // one file a field of kustomize's: patches, names, labels, generators
pub mod finish; // what depends on the final objects: checksums
pub mod schedule; // may this pod land on this machine: selectors, affinity, taints
pub mod reach; // how the world reaches the cluster: Traefik as configured, load balancers, the names that lead there
pub mod check; // one file a check
pub mod outage; // what stops when a node dies
pub mod emit; // order, files, stream
pub mod cluster; // stacks of one cluster against each other
pub mod overrule; // what the user says of findings: comments that allow, severities
pub mod blame; // which change of an overlay makes a finding at a line of its base
pub mod compile; // the way of the data
pub mod rendered; // what Helm or kustomize made, checked against a stack
pub mod diff; // what a new state of files changes in the cluster, object by object
pub mod provenance; // which line set each value, and what it overrode
pub mod import; // plain manifests as a stack: what has a typed form, what stays as it is, and why
pub mod install; // the target folder: plan, removal, the record of what is owned, writing whole files
pub mod fetch; // registries and Cloudflare: the only room that opens a socket or runs a credential helper
pub mod report; // one file a form of findings
pub mod cli; // arguments, one file a command; knows terminal, environment, clock
