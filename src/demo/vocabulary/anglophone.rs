use super::{Country, Culture};

#[rustfmt::skip]
pub(super) const ENGLISH: Culture = Culture {
    locale: "en", trade_first: false, and: "&", native: &[], native_trades: &[],
    given: &[
        "Abigail", "Alice", "Amara", "Andrew", "Beatrice", "Benjamin", "Caleb", "Charlotte", "Chidi", "Chloe", "Daniel",
        "Deborah", "Edward", "Eleanor", "Emily", "Ethan", "Fiona", "George", "Grace", "Hannah", "Henry", "Imogen", "Isaac",
        "Jack", "Jasmine", "Joseph", "Keisha", "Laura", "Liam", "Marcus", "Megan", "Mei", "Nathan", "Niamh", "Oliver",
        "Olivia", "Owen", "Patrick", "Priscilla", "Rachel", "Rebecca", "Samuel", "Sophie", "Thabo", "Thomas", "Tyler",
        "Victoria", "William", "Zoe", "Aroha",
    ],
    family: &[
        "Abbott", "Ainsworth", "Allardyce", "Armitage", "Ashworth", "Atherton", "Barrowclough", "Beaumont", "Bellamy",
        "Blackwood", "Bradshaw", "Brennan", "Callaghan", "Carmichael", "Chadwick", "Chen", "Cavendish", "Coldwell", "Crawford",
        "Dalgleish", "Davenport", "Donovan", "Dunmore", "Eastwood", "Ellsworth", "Fairbairn", "Farquhar", "Fitzgerald",
        "Galloway", "Garrison", "Goldsworthy", "Greenhalgh", "Hargreaves", "Harrington", "Hathaway", "Holloway", "Hutchinson",
        "Ingram", "Jefferson", "Kavanagh", "Kingsley", "Lancaster", "Langford", "Lim", "Lockhart", "MacAllister", "Mbeki",
        "McCormack", "Mercer", "Merriweather", "Montgomery", "Nkosi", "O'Sullivan", "Okafor", "Pemberton", "Prescott",
        "Quigley", "Radcliffe", "Ravenscroft", "Redmond", "Rutherford", "Sinclair", "Stanhope", "Sutherland", "Tan", "Thackeray",
        "Thornton", "Underwood", "van der Merwe", "Wainwright", "Walker", "Washington", "Whitfield", "Whitmore", "Winterbourne",
        "Wong", "Woodward", "Wycliffe", "Yardley", "York",
    ],
    trades: &[
        "Advisory", "Aerospace", "Airways", "Analytics", "Apparel", "Architects", "Automotive", "Bank", "Biosciences", "Brewing",
        "Building Supplies", "Capital", "Chemicals", "Clinics", "Construction", "Credit Union", "Dairy", "Dental Group",
        "Distribution", "Energy", "Engineering", "Farms", "Foods", "Freight", "Furniture", "Healthcare", "Holdings", "Homes",
        "Hospitality", "Hotels", "Industries", "Insurance", "Laboratories", "Legal", "Logistics", "Machinery", "Manufacturing",
        "Marine", "Media", "Mining", "Motors", "Orchards", "Packaging", "Paper", "Pharma", "Plastics", "Power", "Press",
        "Properties", "Rail", "Recycling", "Renewables", "Retail", "School Trust", "Shipping", "Steel", "Studios", "Surgical",
        "Telecom", "Textiles", "Timber", "Tools", "Transport", "Utilities", "Veterinary", "Water", "Wholesale", "Wines",
    ],
    integrators: &[
        "Technology Partners", "Systems", "Managed Services", "IT Solutions", "Cloud Consulting", "Networks", "Digital",
        "Business Systems", "Cyber", "Infrastructure", "Software Resellers", "Consulting",
    ],
    countries: &[
        Country { code: "US", currency: "USD", per_hundred_dollars: 100, calling: "1", share: 30,
            forms: &["Inc.", "LLC", "Corp.", "Corporation", "Company", "LLP"],
            cities: &["Austin", "Boulder", "Cleveland", "Denver", "Hartford", "Madison", "Memphis", "Omaha", "Portland", "Raleigh", "Sacramento", "Tulsa"] },
        Country { code: "GB", currency: "GBP", per_hundred_dollars: 79, calling: "44", share: 13,
            forms: &["Ltd", "Limited", "plc", "LLP", "Group Ltd"],
            cities: &["Bristol", "Cardiff", "Durham", "Exeter", "Glasgow", "Leeds", "Norwich", "Sheffield", "Stirling", "York"] },
        Country { code: "CA", currency: "CAD", per_hundred_dollars: 136, calling: "1", share: 6,
            forms: &["Inc.", "Ltd.", "Corp.", "Limited"],
            cities: &["Calgary", "Edmonton", "Halifax", "Hamilton", "Kelowna", "Ottawa", "Regina", "Winnipeg"] },
        Country { code: "AU", currency: "AUD", per_hundred_dollars: 152, calling: "61", share: 5,
            forms: &["Pty Ltd", "Pty Limited", "Limited"],
            cities: &["Adelaide", "Ballarat", "Brisbane", "Cairns", "Fremantle", "Geelong", "Hobart", "Newcastle"] },
        Country { code: "IE", currency: "EUR", per_hundred_dollars: 92, calling: "353", share: 2,
            forms: &["Limited", "DAC", "plc", "Ltd"], cities: &["Cork", "Galway", "Kilkenny", "Limerick", "Sligo", "Waterford"] },
        Country { code: "NZ", currency: "NZD", per_hundred_dollars: 165, calling: "64", share: 2,
            forms: &["Limited", "Ltd"], cities: &["Dunedin", "Hamilton", "Napier", "Nelson", "Tauranga", "Wellington"] },
        Country { code: "ZA", currency: "ZAR", per_hundred_dollars: 1_850, calling: "27", share: 2,
            forms: &["(Pty) Ltd", "Limited"], cities: &["Bloemfontein", "Durban", "Polokwane", "Pretoria", "Stellenbosch"] },
        Country { code: "SG", currency: "SGD", per_hundred_dollars: 134, calling: "65", share: 2,
            forms: &["Pte. Ltd.", "Pte Ltd", "Limited"], cities: &["Jurong", "Changi", "Orchard", "Tampines"] },
    ],
};

#[rustfmt::skip]
pub(super) const INDIAN: Culture = Culture {
    locale: "en-IN", trade_first: false, and: "&", native: &[], native_trades: &[],
    given: &[
        "Aarav", "Aditi", "Ananya", "Arjun", "Deepika", "Farhan", "Gayatri", "Harish", "Ishaan", "Kavya", "Lakshmi", "Manoj",
        "Meera", "Neha", "Nikhil", "Pooja", "Pranav", "Rahul", "Rohan", "Sanjay", "Shreya", "Sunita", "Varun", "Vikram",
    ],
    family: &[
        "Agarwal", "Banerjee", "Bhandari", "Bhatia", "Chatterjee", "Chauhan", "Chopra", "Deshmukh", "Deshpande", "Dutta",
        "Ganguly", "Gokhale", "Goswami", "Gupta", "Iyengar", "Iyer", "Jadhav", "Joshi", "Kapoor", "Kulkarni", "Mahajan",
        "Malhotra", "Mehta", "Menon", "Mukherjee", "Naidu", "Nair", "Narayanan", "Pandey", "Parekh", "Patil", "Pillai", "Rao",
        "Reddy", "Saxena", "Shah", "Sharma", "Singhania", "Sridhar", "Srinivasan", "Subramanian", "Thakur", "Trivedi", "Varma",
        "Venkatesan", "Vyas", "Wadia", "Yadav",
    ],
    trades: &[
        "Agro", "Auto Components", "Cements", "Ceramics", "Chemicals", "Constructions", "Cotton Mills", "Developers", "Diagnostics",
        "Electricals", "Enterprises", "Exports", "Finserv", "Foods", "Forgings", "Granites", "Health", "Hospitals", "Hotels",
        "Industries", "Infra", "Jewellers", "Logistics", "Motors", "Organics", "Pharmaceuticals", "Polymers", "Roadways", "Seeds",
        "Silks", "Spices", "Steels", "Sugars", "Tea Estates", "Textiles", "Travels", "Tyres", "Wires and Cables",
    ],
    integrators: &["Infotech", "Technologies", "Systems", "Infoservices", "Digital Solutions", "Softech", "Networks"],
    countries: &[
        Country { code: "IN", currency: "INR", per_hundred_dollars: 8_350, calling: "91", share: 7,
            forms: &["Pvt. Ltd.", "Private Limited", "Limited", "LLP"],
            cities: &["Ahmedabad", "Bengaluru", "Bhopal", "Chennai", "Coimbatore", "Hyderabad", "Indore", "Jaipur", "Kochi", "Mysuru", "Nagpur", "Pune", "Surat", "Vadodara"] },
    ],
};
