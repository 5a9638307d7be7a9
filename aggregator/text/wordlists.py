"""Short lists of words that text is judged by."""

from __future__ import annotations

_ENGLISH_UNMODIFIED = """
a about above across additional after again against ago ahead all already also always amid among an and another any
are around as at be because been before behind being below between big bigger both but by can could despite did do
does due during each early ever extra few fewer first for former fresh friday from further had has have he her here
his how huge i if in instead into is it its just large larger last late later less little long major many may might
monday more most much must near never new next no nor not now of off on once only onto or other our out over own per
said same saturday says second several she short should since so some soon still such sunday than that the their them
then there these they third this those through thursday to today tomorrow tonight too toward towards tuesday under
until up upon us versus via was we wednesday were what when where which while who whose why will with within without
worth would yesterday yet you
"""
ENGLISH_UNMODIFIED = frozenset(_ENGLISH_UNMODIFIED.split())
"""Words that no noun before them modifies: prepositions, articles, auxiliaries, common adjectives and adverbs, days."""

_COMPANIES = """
ab ag asa bv co corp corporation gmbh inc incorporated kg kgaa limited llc llp lp ltd nv oyj plc pte pty sa sarl se
spa srl
"""
COMPANIES = frozenset(_COMPANIES.split())
"""What the names of companies end with."""

_CURRENCIES = """
crown crowns dinar dinars dirham dirhams dollar dollars dlr dlrs euro euros franc francs hryvnia hryvnias krona
kroner kronor lei leu lira liras mark marks peso pesos pound pounds rand rands real reais riyal riyals rouble
roubles ruble rubles rupee rupees shekel shekels won yen yuan zloty zlotys dólar dólares libra libras marco marcos
franco francos livre livres rublo rublos rubel rubli złoty złotych dolarów євро гривень гривні гривня доларів долари
рублів евро долларов доллара рублей рубля гривен دولار يورو ريال
"""
CURRENCIES = frozenset(_CURRENCIES.split())
"""Units of money as printed after a number."""

_MAGNITUDES = """
thousand million millions billion billions trillion mln bln mn bn tn m b k tausend mio milliarden millionen mrd
mille milliers milliard milliards mil mila millón millones millardo millardos milhão milhões bilhão bilhões milione
milioni miliardo miliardi tys mld milion milionów miliard miliardów тисяч тис млн млрд мільйонів мільярдів тысяч
миллионов миллиардов ألف مليون مليار
"""
MAGNITUDES = frozenset(_MAGNITUDES.split())
"""Words between a number and its unit."""

_UNMISTAKABLE = {
    "en": "the of and with that said from by their which were been its this these who has after more are had "
    "they about into could when while there than what your how through against between because should would being "
    "since before each many other year years week government says two three new",
    "de": "und nicht auf für mit dem ist eine einen einem einer sich auch nach wird sind über zur zum wie oder bei aus "
    "noch mehr nur werden wurde haben dass vom",
    "fr": "dans une pour aux avec qui cette ses été sont leur après elle ces être nous vous ont chez",
    "es": "y los las más fue muy también donde años están",
    "pt": "não uma são às também pela pelo seu sua isso até ele ela após",
    "it": "che della delle degli dello gli nella sono è alla alle dei più anche dal dalla questo questa",
    "pl": "się jest że oraz dla przez został który która które są był była będzie w",
    "nl": "het van een zijn niet voor ook worden wordt naar bij uit maar heeft deze door",
    # Of these it is only said that a text is in none of the above.
    "": "och att är på og ikke af til som med det har și în cu pentru din amb els dels unha dunha bir için ile yang "
    "untuk dengan pada az egy hogy nem és että oli jonka která který ktorá ktorý jako ako koji koja kao ki kot của các "
    "të në dhe ir kad un",
}
UNMISTAKABLE = {word: language for language, words in _UNMISTAKABLE.items() for word in words.split()}
"""The language of words that are common in one language of news and in none of the others; '' for neighbours that such
words don't tell apart."""

_LINKS = """
in of for on with to from at against by over between the
en de du des d la le les l pour a à au aux contre avec sur dans
del los las el para con por contra
da do das dos na no em pelo pela com
di della dello dei degli delle dell nella nel per su sul sulla contro
w we na z ze o do dla od przeciw
в у во на с со о об от для за по про із з зі від проти против
في من على إلى عن ضد
"""
LINKS = frozenset(_LINKS.split())
"""Words between a noun and the name that goes with it: war in Ukraine, guerra de Ucrania."""
