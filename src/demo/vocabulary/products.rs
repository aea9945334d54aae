/// Something that a vendor sells.
#[derive(Debug)]
pub(crate) struct Product {
    /// Its name in the price list.
    pub(crate) name: &'static str,
    /// Price of one in US dollars.
    pub(crate) dollars: u32,
    /// How many a customer buys at most, as a rule.
    pub(crate) most: u64,
}

/// A vendor and what it sells.
#[derive(Debug)]
pub(crate) struct Catalogue {
    /// The vendor's name.
    pub(crate) vendor: &'static str,
    /// Its products.
    pub(crate) products: &'static [Product],
}

const fn product(name: &'static str, dollars: u32, most: u64) -> Product {
    Product { name, dollars, most }
}

/// Vendors, the first three for the small set.
pub(crate) const CATALOGUES: &[Catalogue] = &[
    Catalogue {
        vendor: "Lanternfield Security",
        products: &[
            product("Lantern Endpoint Protect, user per year", 48, 2_500),
            product("Lantern Endpoint Detect and Respond, user per year", 86, 2_000),
            product("Lantern Mail Shield, mailbox per year", 31, 3_000),
            product("Lantern Gateway 200", 4_200, 12),
            product("Lantern Gateway 800", 16_900, 4),
            product("Lantern Vault, privileged account per year", 210, 150),
            product("Lantern Watch, managed detection, endpoint per year", 120, 1_200),
            product("Lantern Awareness Training, seat per year", 14, 3_000),
            product("Security Assessment, day", 1_650, 15),
            product("Premium Support, year", 7_500, 1),
        ],
    },
    Catalogue {
        vendor: "Cobblestone Data",
        products: &[
            product("Cobblestone Warehouse, terabyte per year", 1_150, 80),
            product("Cobblestone Pipelines, connector per year", 890, 40),
            product("Cobblestone Insight Creator, seat per year", 540, 60),
            product("Cobblestone Insight Viewer, seat per year", 96, 900),
            product("Cobblestone Catalogue, year", 12_400, 1),
            product("Cobblestone Quality, table per year", 22, 2_000),
            product("Cobblestone Backup, terabyte per year", 310, 300),
            product("Migration Workshop, day", 1_800, 20),
            product("Mission Critical Support, year", 18_000, 1),
        ],
    },
    Catalogue {
        vendor: "Ferrywharf Networks",
        products: &[
            product("Ferrywharf Access Switch 24", 1_290, 60),
            product("Ferrywharf Access Switch 48 PoE", 2_780, 80),
            product("Ferrywharf Core Switch 6", 14_800, 6),
            product("Ferrywharf Wireless Access Point 7", 640, 250),
            product("Ferrywharf SD-WAN Edge, site per year", 780, 120),
            product("Ferrywharf Fabric Manager, device per year", 75, 400),
            product("Ferrywharf Zero Trust Access, user per year", 66, 2_000),
            product("Site Survey, day", 1_400, 10),
            product("Next Business Day Replacement, device per year", 58, 400),
        ],
    },
    Catalogue {
        vendor: "Millrace Cloud",
        products: &[
            product("Millrace Compute Commitment, unit per year", 3_600, 60),
            product("Millrace Kubernetes, cluster per year", 9_800, 8),
            product("Millrace Object Storage, terabyte per year", 240, 400),
            product("Millrace Desktop, user per year", 290, 800),
            product("Millrace Disaster Recovery, server per year", 480, 120),
            product("Millrace Landing Zone, project", 24_000, 1),
            product("Millrace FinOps, account per year", 1_900, 20),
            product("Cloud Readiness Review, day", 1_700, 10),
        ],
    },
    Catalogue {
        vendor: "Oxbow Business Software",
        products: &[
            product("Oxbow ERP Core, user per year", 720, 350),
            product("Oxbow ERP Shop Floor, terminal per year", 390, 120),
            product("Oxbow CRM, user per year", 460, 400),
            product("Oxbow Payroll, employee per year", 38, 3_000),
            product("Oxbow Field Service, technician per year", 520, 150),
            product("Oxbow Document Archive, year", 8_900, 1),
            product("Oxbow E-Invoicing, thousand documents", 65, 400),
            product("Implementation Services, day", 1_550, 120),
            product("Key User Training, day", 1_250, 12),
        ],
    },
];
