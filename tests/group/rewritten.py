"""Wire texts of our own, the same as machines rewrite them, and what other reporters wrote of the same events."""

from __future__ import annotations

EARTHQUAKE = {
    "wire": """A magnitude 6.4 earthquake struck eastern Taiwan early on Tuesday, killing at least nine people and injuring
more than 250, the National Fire Agency said. The quake hit at 3:12 a.m. some 18 kilometres south of Hualien
at a depth of 15 kilometres, according to the Central Weather Administration. Rescue teams from Taipei and
Taichung searched the ruins of the Marshal Hotel, where four guests were trapped. President Lai Ching-te
promised 500 million Taiwan dollars for repairs and said two battalions of soldiers would help. Japan and
Singapore offered sniffer dogs. Chipmaker TSMC evacuated three plants in Hsinchu, but resumed work by noon.""",
    "synonyms swapped": """A 6.4-magnitude tremor rocked eastern Taiwan in the early hours of Tuesday, leaving at least nine persons
dead and over 250 hurt, said the National Fire Agency. The shock came at 3:12 a.m. about 18 km to the south
of Hualien, 15 km deep, the Central Weather Administration stated. Rescuers out of Taipei and Taichung
combed through the rubble of the Marshal Hotel, in which four visitors were stuck. President Lai Ching-te
pledged 500 million Taiwan dollars towards reconstruction and added that two battalions of troops would
assist. Japan and Singapore proposed to send tracker dogs. Semiconductor producer TSMC cleared three
factories in Hsinchu but restarted operations by midday.""",
    "sentences turned round": """President Lai Ching-te promised 500 million Taiwan dollars for repairs and said two battalions of soldiers
would help after a strong quake. Rescue teams from Taipei and Taichung searched the ruins of the Marshal
Hotel, where four guests were trapped. Japan and Singapore offered sniffer dogs. The magnitude 6.4
earthquake struck eastern Taiwan early on Tuesday, killing at least nine people and injuring more than 250,
the National Fire Agency said. Chipmaker TSMC evacuated three plants in Hsinchu, but resumed work by noon.
The quake hit at 3:12 a.m. some 18 kilometres south of Hualien at a depth of 15 kilometres, according to the
Central Weather Administration.""",
    "both": """To repair the damage, President Lai Ching-te vowed 500 million Taiwan dollars, with two battalions of troops
to lend a hand. In the wreckage of the Marshal Hotel, crews from Taipei and Taichung looked for four
lodgers. Tracker dogs were proposed by Japan and Singapore. The tremor of magnitude 6.4 rattled eastern
Taiwan before dawn on Tuesday; at least nine died and over 250 were hurt, the National Fire Agency reported.
TSMC, the semiconductor maker, emptied three factories at Hsinchu and went back to work around midday. It
came at 3:12 a.m., 18 km south of Hualien and 15 km down, said the Central Weather Administration.""",
    "translated there and back": """An earthquake of magnitude 6.4 shook the east of Taiwan on Tuesday morning. At least nine people lost their
lives and more than 250 were injured, according to the National Fire Agency. The earthquake occurred at 3:12
in the morning, 18 kilometers south of Hualien, and had a depth of 15 kilometers, the Central Weather
Administration reported. Rescue workers from Taipei and Taichung were looking in the ruins of the Marshal
Hotel, in which four guests were locked in. President Lai Ching-te assured 500 million Taiwan dollars for
the repair work, and said that two battalions of soldiers would help. Japan and Singapore offered search
dogs. The chip manufacturer TSMC evacuated three factories in Hsinchu, but resumed work at noon.""",
}

EARTHQUAKE_BY_OTHERS = [
    """Nine people were killed when the strongest earthquake in years shook Taiwan's east coast before dawn on
Tuesday. In Hualien, a tourist town of 100,000, residents ran into the streets in their pyjamas. "I thought
the ceiling would fall on my children," said Chen Mei-ling, 41, outside the Marshal Hotel, where
firefighters from Taipei were still listening for voices on Tuesday night. The Central Weather
Administration put the magnitude at 6.4. President Lai Ching-te flew in by helicopter and promised that no
house would be left unrepaired; Japan offered help. In Hsinchu, TSMC halted production for several hours.""",
    """TSMC shares fell 2.1 percent in Taipei on Tuesday after an earthquake forced the world's largest contract
chipmaker to evacuate three plants in Hsinchu. Production resumed by noon, spokeswoman Nina Kao said. The
magnitude 6.4 quake, which killed at least nine people near Hualien, caused no damage to tools, the company
said. Analysts at Morgan Stanley and Nomura expect no effect on deliveries to Apple and Nvidia. The National
Fire Agency said more than 250 people had been injured. Taiwan's Taiex index lost 0.8 percent, Tokyo's
Nikkei 0.3 percent.""",
]

TAKEOVER = {
    "wire": """Nordic retailer Elgarden agreed on Monday to buy British rival Homebase North for 1.2 billion pounds in
cash, creating Europe's third-largest seller of furniture. Chief Executive Marta Lindqvist told reporters in
Stockholm that 40 of the 310 British shops would close by 2028, with the loss of 2,300 jobs. The Unite union
called the plan "a betrayal". Homebase North, based in Leeds, lost 85 million pounds last year. The deal
needs the approval of the Competition and Markets Authority. Goldman Sachs advised Elgarden, and Rothschild
worked for the seller, the investment fund Pemberton.""",
    "synonyms swapped": """On Monday the Scandinavian chain Elgarden struck an agreement to acquire its UK competitor Homebase North
for 1.2 billion pounds cash, forming the third-biggest furniture vendor in Europe. In Stockholm, Chief
Executive Marta Lindqvist informed journalists that by 2028, 40 out of 310 UK stores are to shut, costing
2,300 positions. The scheme is "a betrayal", said the Unite union. Leeds-headquartered Homebase North made a
loss of 85 million pounds in the previous year. The takeover is subject to the green light of the
Competition and Markets Authority. Elgarden was counselled by Goldman Sachs and the vendor, investment
vehicle Pemberton, by Rothschild.""",
    "sentences turned round": """Homebase North, based in Leeds, lost 85 million pounds last year. Now it goes to Nordic retailer Elgarden,
which agreed on Monday to pay 1.2 billion pounds in cash, creating Europe's third-largest seller of
furniture. Goldman Sachs advised Elgarden, and Rothschild worked for the seller, the investment fund
Pemberton. The Unite union called the plan "a betrayal": Chief Executive Marta Lindqvist told reporters in
Stockholm that 40 of the 310 British shops would close by 2028, with the loss of 2,300 jobs. The deal needs
the approval of the Competition and Markets Authority.""",
}

TAKEOVER_BY_OTHERS = [
    """Elgarden's 1.2 billion pound swoop on Homebase North may look bold, but it is born of weakness. Sales at the
Swedish group have shrunk for six quarters, and Marta Lindqvist, in charge since March, has promised the
Wallenberg family a turnround. She says 40 of 310 British shops will go. Unite says 2,300 jobs are at stake.
The seller, Pemberton, bought the Leeds chain from Wesfarmers of Australia in 2018 for 340 million pounds.
Whether the Competition and Markets Authority will wave it through is open: Ikea and DFS are sure to object.""",
]

FIRE = {
    "wire": """Bei einem Brand in einer Lagerhalle in Duisburg-Ruhrort sind am Mittwochabend drei Feuerwehrleute verletzt
worden. Nach Angaben von Polizeisprecherin Anja Kessler brach das Feuer gegen 19.40 Uhr aus. Rund 180 Kräfte
aus Duisburg, Oberhausen und Moers waren im Einsatz. Die Autobahn A 40 wurde zwischen Häfen und Homberg
gesperrt. In der Halle der Firma Rheinlog lagerten 400 Tonnen Kunststoff. Oberbürgermeister Sören Link bat
die Anwohner in Laar und Beeck, Fenster und Türen geschlossen zu halten. Das Landesamt für Natur maß keine
gefährlichen Werte. Der Schaden wird auf 6 Millionen Euro geschätzt.""",
    "synonyms swapped": """Drei Feuerwehrleute wurden am Mittwochabend verletzt, als ein Lager in Duisburg-Ruhrort in Flammen aufging.
Das Feuer war laut Polizeisprecherin Anja Kessler etwa um 19.40 Uhr ausgebrochen. Etwa 180 Helfer aus
Duisburg, Oberhausen und Moers kämpften gegen die Flammen. Man sperrte die Autobahn A 40 zwischen Häfen und
Homberg. Das Gebäude des Unternehmens Rheinlog enthielt 400 Tonnen Kunststoff. Die Bewohner von Laar und
Beeck sollten Fenster und Türen zulassen, so Oberbürgermeister Sören Link. Gefährliche Werte stellte das
Landesamt für Natur nicht fest. Den Schaden beziffern Fachleute auf 6 Millionen Euro.""",
}

FIRE_BY_OTHERS = [
    """Schwarzer Rauch über dem Duisburger Hafen: Bis Oberhausen war am Mittwochabend die Wolke zu sehen, die über
Ruhrort stand. Eine Halle der Spedition Rheinlog stand in Flammen. "Es hat zweimal geknallt, dann kam die
Hitze", erzählt Mehmet Yildirim, der gegenüber einen Kiosk betreibt. Drei Feuerwehrleute kamen ins Klinikum
Homberg. Oberbürgermeister Sören Link sprach noch in der Nacht mit Anwohnern. Die Polizei ermittelt wegen
Brandstiftung; eine Zeugin hatte zwei Männer mit einem weißen Transporter aus Krefeld gesehen.""",
]
