//! Pods one after another, each where it fits best; then where most is left.

use super::{Amounts, Site, Solver, UNBOUNDED};

/// Looks at a node for a pod that are worth their time.
const LOOKS: usize = 3_000_000;

impl Solver<'_> {
    /// A placement of these groups, if one of the two ways finds one.
    pub(super) fn greedy(&self, groups: &[usize], sites: &[Site]) -> Option<Vec<Site>> {
        [false, true].into_iter().find_map(|widest| self.one_by_one(groups, sites, widest))
    }

    fn one_by_one(&self, groups: &[usize], sites: &[Site], widest: bool) -> Option<Vec<Site>> {
        let mut sites = sites.to_vec();
        let mut looks = LOOKS;
        for &index in groups {
            let group = self.packing.group(index);
            for _ in 0..group.count {
                looks = looks.checked_sub(group.nodes.len())?;
                let open = group.nodes.iter().filter_map(|node| {
                    let site = sites.get(*node).filter(|site| self.takes(site, index))?;
                    let free = self.free_part(*node, &site.left);
                    Some((if widest { 1_000_000_u64.saturating_sub(free) } else { free }, *node))
                });
                let (_, node) = open.min()?;
                self.put(sites.get_mut(node)?, index);
            }
        }
        Some(sites)
    }

    /// How much of a node is free, in millionths, of what it has least of.
    fn free_part(&self, node: usize, left: &Amounts) -> u64 {
        let room = self.packing.rooms.get(node).copied().unwrap_or_default();
        let parts = left.iter().zip(&room).filter(|(_, room)| **room != UNBOUNDED).map(|(left, room)| {
            let part =
                u128::from(*left).saturating_mul(1_000_000).checked_div(u128::from(*room)).unwrap_or(0);
            u64::try_from(part).unwrap_or(1_000_000)
        });
        parts.min().unwrap_or(1_000_000)
    }
}
