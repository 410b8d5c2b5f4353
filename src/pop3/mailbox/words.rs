//! What is written in an ordinary office: sentences with words in braces that [`super::thread`] fills in.

mod trades;

pub use trades::{DEPARTMENTS, TRADES, Trade};

pub const GREETINGS: &[&str] = &[
    "Hi {owner},",
    "Hello {owner},",
    "Morning {owner},",
    "{owner},",
    "Dear {owner},",
    "Hi,",
    "Afternoon {owner},",
];

pub const BYES: &[&str] = &[
    "Thanks,",
    "Many thanks,",
    "Regards,",
    "Best,",
    "Cheers,",
    "Kind regards,",
    "Thanks in advance,",
    "Best wishes,",
];

/// Subjects of questions, each with what it is about.
pub const QUESTIONS: &[&str] = &[
    "{goods} for {place}",
    "Order {number}",
    "Question about {work}",
    "{work}",
    "Delivery on {day}",
    "Short on {goods}",
    "Return of {goods}",
    "Quote for {goods}",
    "{day}",
    "Price of {goods}",
    "Key for {place}",
    "Cover on {day}",
];

pub const ASKS: &[&str] = &[
    "Do you know whether {goods} for order {number} have left {place} yet? The customer rang twice this morning.",
    "Could you have a look at {work} when you get a minute? Something does not add up and I would rather not guess.",
    "Can you tell me who signed for {goods} on {day}? I only have the driver's copy and it is unreadable.",
    "We are down to the last {count} of {goods}. Shall I reorder the same quantity, or wait for the new price?",
    "I need somebody for {place} on {day} between nine and twelve. Is that possible from your side?",
    "{colleague} says the figure for {work} should be {amount}, I have {amount2}. Which of the two went into the sheet?",
    "Is it right that order {number} goes out in two parts? I would prefer to send it complete.",
    "Would you mind taking over {work} while {colleague} is away? It is mostly done, there is a list on the shared drive.",
    "The {goods} that came in on {day} are not what we ordered. I have put them aside in {place}.",
    "Somebody has moved {goods} from {place} and nobody knows where to. Was that you by any chance?",
    "How did you book the {amount} for {goods} last time? {colleague} asked me and I could not say.",
    "Please could you send me the last version of {work}? Mine is from {day}.",
];

pub const DETAILS: &[&str] = &[
    "There is no great hurry, but I would like to have it off my desk before {day}.",
    "{colleague} has the paperwork if you need it.",
    "I have copied {colleague}, who was there when it came in.",
    "If it is easier, just call me on {extension}.",
    "The note on the sheet says {number}, which I cannot find anywhere.",
    "It was the same in {month}, if you remember.",
    "The total would be {amount} without carriage.",
    "I am in {place} for most of the day, so mail is best.",
    "Nothing has been invoiced so far, I checked.",
    "We did say {day}, but I think another day would do no harm.",
    "The other {count} are still in {place}.",
    "{colleague} would like to have a decision by {day}.",
];

/// What the owner is quoted with.
pub const REPLIES: &[&str] = &[
    "I will ask in {place} and let you know.",
    "As far as I know it went out on {day}. I can look up the number if you need it.",
    "{colleague} dealt with that, I think. I have forwarded your mail.",
    "Yes, that is fine with me.",
    "I would wait for the new price. There is enough in {place} for a week.",
    "Not before {day}, I am afraid. Would the day after do?",
    "It should be {amount}, the other one was the old rate.",
    "Can you send me the order number? There are two with that name.",
];

pub const FOLLOWS: &[&str] = &[
    "That would be a great help. I will tell {colleague}.",
    "Found it in the meantime, it was in {place} behind the {goods}. Sorry for the noise.",
    "Thanks, that explains the difference. I have corrected the sheet.",
    "It is {number}. There should be a copy in the tray in {place}.",
    "Fine, let us leave it at {day} then.",
    "I have spoken to {colleague} and we will do it the way you suggest.",
    "Good. I have put {count} aside so that nobody takes them.",
    "All right. Could you please confirm it to {colleague} as well? Otherwise we will have it twice.",
    "Thank you. I have noted {amount} for now.",
];

pub const NOTICES: &[(&str, &[&str])] = &[
    (
        "Car park on {day}",
        &[
            "The car park behind {place} will be resurfaced on {day}.",
            "Please use the one at the front, and leave the two spaces by the door free for visitors.",
            "It should be finished in one day if the weather holds.",
        ],
    ),
    (
        "Cake in {place}",
        &[
            "It is my birthday, and there is cake in {place}.",
            "First come, first served. The one on the left is without nuts.",
            "Plates and forks are next to the sink, please put them back.",
        ],
    ),
    (
        "Lost: grey umbrella",
        &[
            "I left a grey umbrella in {place} on {day}.",
            "It is not worth anything, but I am rather attached to it.",
            "If you have seen it, please let me know on {extension}.",
        ],
    ),
    (
        "Fire drill",
        &[
            "There will be a fire drill in the week of the {count}th.",
            "The meeting point is still the gate, not {place}.",
            "{colleague} will have the list of names; please wait until you have been ticked off.",
        ],
    ),
    (
        "Holiday requests",
        &[
            "Please enter your holidays for the next quarter by {day}.",
            "Two people of one team cannot be away in the same week, as every year.",
            "Requests that came by mail have to be entered as well, please.",
        ],
    ),
    (
        "First aid course",
        &[
            "There are still {count} places on the first aid course on {day}.",
            "It takes place in {place} and lunch is included.",
            "Please tell {colleague} if you would like to take part.",
        ],
    ),
    (
        "New starter",
        &[
            "{stranger} joins us on {day} and will be working on {work}.",
            "Please make {stranger} welcome. The address is {strangermail}, the extension will be {extension}.",
            "{colleague} will show the way around in the first week.",
        ],
    ),
    (
        "Kitchen",
        &[
            "The dishwasher in the kitchen is repaired.",
            "Please do not put the large trays in it; that was what broke it, says the man who mended it.",
            "The rota is on the door again.",
        ],
    ),
    (
        "Stock take",
        &[
            "The stock take will be on {day}, beginning at seven in {place}.",
            "Nothing may be moved between {place} and the vans from noon the day before.",
            "We need {count} more people. Please sign up with {colleague}.",
        ],
    ),
    (
        "Heating in {place}",
        &[
            "The heating in {place} will be off on {day} until about eleven.",
            "The engineers need to change a pump and cannot say exactly how long it takes.",
            "Bring a jumper.",
        ],
    ),
    (
        "Change of address",
        &[
            "My address has changed to {strangermail}, the old one works until the end of the month.",
            "Please change it in your address books, mostly for the orders of {goods}.",
            "The telephone number stays the same.",
        ],
    ),
];

pub const MINUTES: &[&str] = &[
    "{work}: {colleague} reported that the work is about {count} days behind. The team agreed to move it to {day}.",
    "{goods}: the supplier has announced a new price of {amount} from next month. {colleague} will ask for two other quotes.",
    "Order {number} was delivered complete. The invoice of {amount} is still to be paid.",
    "{place}: the lighting is to be replaced. {colleague} gets an offer; no more than {amount}.",
    "Complaints: {count} since the last meeting, most of them about {goods}. {colleague} keeps the list.",
    "Overtime: to be kept low until {day}. Exceptions only with {colleague}.",
    "The rota for {month} was agreed. {colleague} puts it up in {place}.",
    "Health and safety: the exit by {place} must be kept clear. This was mentioned last time as well.",
    "{stranger} ({strangermail}) will take part from the next meeting on, for {work}.",
    "Any other business: the coffee fund is short by {amount}.",
    "Visit on {day}: {count} guests, lunch in {place}. {colleague} looks after them.",
    "The database of {goods} is out of date. Everyone checks their own entries by {day}.",
];

/// What comes from machines: the local part, the name, a subject and lines.
pub const MACHINES: &[(&str, &str, &str, &[&str])] = &[
    (
        "backup",
        "Backup",
        "Backup job nightly-{count}: completed",
        &[
            "Job:        nightly-{count}",
            "Status:     completed with no errors",
            "Files:      {number}",
            "Volume:     {count} GB",
            "Duration:   0 h {count} min",
            "",
            "The next run is planned for tonight.",
        ],
    ),
    (
        "scanner",
        "MFP first floor",
        "Scan from MFP first floor",
        &[
            "This message was sent by the multifunction printer on the first floor.",
            "",
            "Pages: {count}",
            "Resolution: 300 x 300 dpi",
            "File type: PDF",
        ],
    ),
    (
        "helpdesk",
        "IT Helpdesk",
        "[Ticket #{number}] Your request was received",
        &[
            "Your request has been received and was given the number {number}.",
            "",
            "Priority:  normal",
            "Assigned:  {colleague}",
            "",
            "Please keep the number in the subject line when you answer.",
        ],
    ),
    (
        "helpdesk",
        "IT Helpdesk",
        "[Ticket #{number}] closed",
        &[
            "The ticket {number} was closed by {colleague}.",
            "",
            "Solution: the setting was corrected and the service was started again.",
            "",
            "If the problem is still there, answer this message and the ticket is opened again.",
        ],
    ),
    (
        "intranet",
        "Intranet",
        "Weekly summary",
        &[
            "New on the intranet this week:",
            "",
            "  - Opening hours in {month}",
            "  - {work}: current state",
            "  - Price list for {goods}",
            "",
            "http://intranet.{domain}/news",
            "",
            "You receive this message because you are in the group \"all staff\".",
        ],
    ),
    (
        "voicemail",
        "Voicemail",
        "New voice message from extension {extension}",
        &[
            "You have a new voice message.",
            "",
            "From:    extension {extension}",
            "Length:  0 min {count} s",
            "",
            "Dial *97 to listen to it.",
        ],
    ),
    (
        "calendar",
        "Room booking",
        "Booking confirmed: {place}",
        &[
            "Your booking is confirmed.",
            "",
            "Room:  {place}",
            "Day:   {day}",
            "Time:  10:00 to 11:30",
            "",
            "Bookings that are not needed should be cancelled, please.",
        ],
    ),
];

pub const SECRETS: &[(&str, &[&str])] = &[
    (
        "New password for the file server",
        &[
            "The passwords of the file server were changed last night, as announced.",
            "Yours is {password}. Please change it at the next login and do not pass it on.",
            "The drive letters stay the same. If something is missing, tell {colleague}.",
        ],
    ),
    (
        "Access to the supplier portal",
        &[
            "Here is the login for the supplier portal, since you asked.",
            "User: {ownerlocal}    Password: {password}",
            "Orders above {amount} need a second approval, that is {colleague} for now.",
        ],
    ),
    (
        "Invoice {number} for approval",
        &[
            "Invoice {number} for {goods} came in today, {amount} net. Could you approve it by {day}?",
            "The bank details have changed according to the letter: {iban}.",
            "{colleague} has the original, I keep a copy.",
        ],
    ),
    (
        "Alarm code",
        &[
            "The code for {place} is {code} from {day} on. The old one no longer works after that.",
            "Please learn it by heart and delete this mail.",
            "{colleague} has the spare key.",
        ],
    ),
    (
        "Card for the fuel station",
        &[
            "The new fuel card for the van is in the safe. The PIN is {code}.",
            "The limit is {amount} a month. Please write the mileage on the slip.",
            "The old card has to go back to {colleague}.",
        ],
    ),
];

pub const FORWARDS: &[&str] = &[
    "This came to me, but it is more for you, I think.",
    "Could you take care of this one? I do not know the customer.",
    "For your information. No need to answer, I have done so already.",
    "Is this something for {work}?",
    "See below. What do you think?",
];

pub const ENQUIRIES: &[&str] = &[
    "we are looking for {goods} for a building of about {number} square metres. Could you send us an offer for {count} pieces?",
    "we have received the {goods} from order {number}, but {count} of them are damaged. There are pictures if you need them.",
    "could you tell us whether {goods} can be delivered before {day}? We would collect them as well.",
    "your offer of {amount} is a little above what we expected. Is there anything that can be done?",
    "please note that our new address for deliveries is {place}, from {day} on.",
];

pub const DAYS: &[&str] = &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];

pub const MONTHS: &[&str] = &[
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
