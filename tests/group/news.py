"""News of one day in October 2022, in our own words: one event told by several outlets, and others of the same war."""

from __future__ import annotations

CONTACT_GROUP = {
    "brussels": (
        "Allies promise Ukraine more air defence after missile barrage",
        "Allies of Kyiv meeting at NATO headquarters in Brussels on Wednesday promised to speed up deliveries of air"
        " defence weapons after two days of Russian missile strikes on Ukrainian cities. US Defense Secretary Lloyd"
        " Austin, who chaired the Ukraine Contact Group of some 50 countries, said partners would do"
        " everything they can"
        " to help Ukraine defend its skies. General Mark Milley said Kyiv was asking for a layered system of short,"
        " medium and long range. Canada pledged 47 million dollars for artillery rounds, drone cameras and winter"
        " clothing.",
    ),
    "paris": (
        "Macron: France will send Ukraine radars and air defence systems",
        "France will deliver radars and anti-aircraft missiles to Ukraine in the coming weeks to protect it from drone"
        " attacks, President Emmanuel Macron told France 2 television on Wednesday. He said Vladimir Putin"
        " must stop the"
        " war and return to the negotiating table. His promise came as more than 50 countries of the Ukraine Contact"
        " Group met to pledge more air defence for Kyiv after the Russian missile strikes of Monday.",
    ),
    "kyiv": (
        "Western countries pledge air defence systems at Ukraine Contact Group",
        "More than 50 Western countries promised Kyiv more weapons on Wednesday, above all air defence systems, after"
        " Russia fired over 100 missiles at Ukraine since Monday and killed at least 26 people. Mark Milley,"
        " the top US"
        " general, said Ukraine wanted a complete air defence system against aircraft and missiles. France, too, will"
        " hand over radars and air defence, President Macron said, and urged Putin to come back to the table.",
    ),
}

OTHERS = {
    "kherson": (
        "Residents told to leave Kherson as Ukrainian troops advance",
        "The Russian-installed head of the Kherson region asked Moscow to help move civilians to Russia on Thursday as"
        " Ukrainian troops advanced towards the city. Ferries across the Dnipro were crowded in the afternoon.",
    ),
    "grain": (
        "Grain ships held up in the Bosphorus as inspectors fall behind",
        "More than a hundred vessels loaded with Ukrainian corn and wheat wait off Istanbul because there are too few"
        " inspectors, the United Nations said. The deal that lets grain leave Odesa runs out in November.",
    ),
    "bridge": (
        "Russia says repair of Crimea bridge will last until July",
        "The bridge to Crimea that was damaged by a blast on Saturday will be repaired by July 2023, according to a"
        " Russian government decree. Investigators detained eight people over the truck bomb.",
    ),
    "mobilisation": (
        "Moscow police search hostels for men to mobilise",
        "Dozens of workers were taken from a hostel in Moscow before dawn and driven to a recruitment office, their"
        " employer said. The Kremlin has promised to finish its partial mobilisation within two weeks.",
    ),
    "nuclear": (
        "Power restored at Zaporizhzhia plant after second cut in five days",
        "The nuclear plant in Zaporizhzhia was connected to the grid again on Wednesday after a substation hit by a"
        " missile was repaired, the UN watchdog's head Rafael Grossi said. Diesel generators had cooled the reactors.",
    ),
    "prisoners": (
        "Thirty-two soldiers come home in prisoner exchange",
        "Ukraine and Russia exchanged prisoners on Tuesday, and the body of an Israeli citizen was handed over, said"
        " Andriy Yermak, who runs the president's office. Most of the freed were officers and sergeants.",
    ),
}
