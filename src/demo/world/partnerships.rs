//! Which partner stands in which vendor's program.

use super::{Partnership, World};
use crate::demo::draw::Draw;

/// The chance, in percent, that a partner sells the vendor's products, by the vendor's place.
const REACH: [u64; 5] = [62, 46, 36, 30, 24];

const STATUSES: &[(&str, u64)] = &[("active", 86), ("invited", 5), ("suspended", 3), ("ended", 6)];
const TIERS: &[(&str, u64)] = &[("registered", 48), ("silver", 29), ("gold", 16), ("platinum", 7)];

/// The first partners are well-established partners of the first vendors: a visitor tries deals as one of them.
const GUIDED_PARTNERS: usize = 2;
const GUIDED_VENDORS: usize = 2;

impl World {
    /// Every partner joins at least one program.
    pub(super) fn sign_up(&mut self, draw: &mut Draw) {
        for partner in 0..self.partners.len() {
            let first = draw.index(self.vendors.len());
            for vendor in 0..self.vendors.len() {
                let guided = partner < GUIDED_PARTNERS && vendor < GUIDED_VENDORS;
                let reach = REACH.get(vendor).copied().unwrap_or_default();
                if guided || vendor == first || draw.chance(reach) {
                    self.sign(draw, vendor, partner, guided);
                }
            }
        }
    }

    fn sign(&mut self, draw: &mut Draw, vendor_place: usize, partner_place: usize, guided: bool) {
        let opening = self.opening();
        let (Some(vendor), Some(partner)) = (self.vendors.get_mut(vendor_place), self.partners.get(partner_place))
        else {
            return;
        };
        let (status, tier) = if guided {
            ("active", if partner_place == 0 { "gold" } else { "silver" })
        } else {
            (draw.share("active", STATUSES), draw.share("registered", TIERS))
        };
        if status == "active" {
            vendor.active.push(partner_place);
        }
        if status != "invited" {
            vendor.dealt.push(partner_place);
        }
        let created_at = draw.moment(partner.org.created_at, opening);
        self.partnerships.push(Partnership {
            id: draw.id(created_at),
            vendor: vendor.org.id,
            partner: partner.org.id,
            status,
            tier,
            manager: draw.entry(&vendor.managers).copied(),
            created_at,
        });
    }
}
