"""Words that are no subject: dates, what pages say of themselves, words that every report has, and ranks before names.

Beside the stop words of stories (group.stories.stopwords), which say nothing of an event either.
"""

from __future__ import annotations

from aggregator.group.stories.stopwords import STOPWORDS

_DATES = """
monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
october november december mon tue tues wed thu thur thurs fri sat sun jan feb mar apr jun jul aug sep sept oct nov
dec
morning evening afternoon night midnight noon hour hours minute minutes month months weekend yesterday tomorrow
tonight
century decade season spring summer autumn winter gmt utc est pst cet am pm ago
montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz april mai juni juli august september
oktober november dezember gestern morgen abend woche wochen monat monate stunden minuten
lundi mardi mercredi jeudi vendredi samedi dimanche janvier février mars avril mai juin juillet août septembre
octobre
novembre décembre hier demain matin soir semaine semaines mois heures minutes
lunes martes miércoles jueves viernes sábado domingo enero febrero marzo abril mayo junio julio agosto septiembre
octubre
noviembre diciembre ayer mañana tarde noche semana semanas mes meses horas minutos
segunda-feira terça-feira quarta-feira quinta-feira sexta-feira domingo janeiro fevereiro março abril maio junho
julho
setembro outubro novembro dezembro ontem amanhã manhã noite semana semanas mês meses
lunedì martedì mercoledì giovedì venerdì sabato domenica gennaio febbraio aprile maggio giugno luglio agosto
settembre
ottobre novembre dicembre domani mattina sera settimana settimane mese mesi ore minuti
poniedziałek wtorek środa czwartek piątek sobota niedziela stycznia lutego marca kwietnia maja czerwca lipca
sierpnia
września października listopada grudnia wczoraj jutro rano wieczorem tydzień tygodnie miesiąc miesiące godzin minut
понеділок вівторок середа середу четвер п'ятниця п'ятницю субота суботу неділя неділю січня лютого березня квітня
травня
червня липня серпня вересня жовтня листопада грудня вчора сьогодні завтра вранці ввечері тиждень тижні місяць місяці
годин
понедельник вторник среда среду четверг пятница пятницу суббота субботу воскресенье января февраля марта апреля мая
июня июля августа сентября октября ноября декабря вчера сегодня завтра утром вечером неделя недели месяц месяцы
часов
الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر
نوفمبر
ديسمبر غدا صباح مساء أسبوع شهر ساعة
"""
_PAGES = """
read reading click subscribe subscription subscriber subscribers newsletter newsletters sign signup login log
register
continue continued comment comments reply share tweet retweet follow followers like likes email mail rss feed feeds
photo photos photograph image images picture pictures video videos watch listen podcast episode gallery getty afp
reuters
ap file caption credit credits copyright rights reserved advertisement sponsored appeared originally published
posted
post posts blog article articles story stories headline headlines update updates updated live latest breaking
exclusive
opinion editorial analysis interview review full link links via source sources website site page pages http https
www com
download app browser cookies privacy terms editor author written writer staff correspondent edition online free
please
thanks thank welcome hi hello okay ok yes
mehr lesen weiterlesen abonnieren anmelden kommentar kommentare foto fotos bild bilder artikel quelle beitrag
newsletter
lire suite abonner abonnez-vous abonnés commentaire commentaires photo photos vidéo article publié partager
leer más suscríbete suscribirse comentarios foto fotos vídeo artículo publicado compartir noticia noticias
leia mais assine comentários foto fotos vídeo artigo publicado compartilhar notícia notícias
leggi abbonati commenti foto video articolo pubblicato condividi notizia notizie
czytaj więcej subskrybuj komentarze zdjęcie zdjęcia wideo artykuł udostępnij
читати читайте детальніше підписатися підписуйтесь коментарі фото відео стаття джерело новини
читать читайте подробнее подписаться подписывайтесь комментарии фото видео статья источник новости
اقرأ المزيد اشترك تعليقات صورة صور فيديو مقال أخبار
"""
_REPORTS = """
people person man men woman women world country countries time times thing things way ways lot lots number group
million millions billion billions thousand thousands hundred hundreds percent per cent dollar dollars
according spokesperson spokesman spokeswoman statement announced announce announces added told tells asked ask says
reported reportedly claimed claims called calls key top big bigger biggest best better good great high higher low lower
long longer large larger largest small major main early late later recent recently former current currently real really
right left full half start started starts begin began end ended ends open opens close back set sets hit hits
help helps need needs work works working use used using find found look looks looking keep kept left leave leaves
move moves turn turns try tries trying put puts run runs play plays think thought know known feel felt come comes
become became continue include includes including included expected likely possible including despite among
across around toward towards ahead away soon already ever even always often almost nearly enough rather
every everyone everything something anything nothing someone anyone others another several various different
near beside beneath beyond along amid aboard atop five six seven eight
nine ten eleven twelve second third fourth fifth i'm don't it's won't can't didn't doesn't that's
"""

_RANKS = """
president presidents vice prime premier minister ministers ministry mr mrs ms dr sir lady sen senator senators rep gov
governor chancellor secretary chief leader leaders head heads ceo chairman chairwoman director official officials
interim acting ex ex-president spox deputy boss founder
präsident präsidentin minister ministerin ministerpräsident kanzler bundeskanzler chef chefin
président présidente ministre ministres premier première chef presidenta presidente ministro ministra primer jefe
primeiro primeiro-ministro chefe capo prezydent prezydenta premier premiera minister ministra
президент президента президентом прем'єр прем'єр-міністр міністр міністра голова глава президенту премьер
премьер-министр министр министра الرئيس رئيس وزير الوزراء
"""

_LINKS = "of the de la le les du des da do dos das del della di van von der den zu al el bin ibn"

NOISE = frozenset(f"{_DATES} {_PAGES} {_REPORTS} {_RANKS}".split())
_NEVER_IN_NAMES = frozenset(f"{_DATES} {_PAGES} {_RANKS}".split()) - {"may", "april", "june"}  # Theresa May
LINKS = frozenset(_LINKS.split())
"""Small words that stand within names: Strait of Hormuz, Rio de Janeiro."""


def says_nothing(form: str, language: str) -> bool:
    """Whether a word, in its normal form, can't be a keyword or the beginning or end of one."""
    if form in NOISE or form in STOPWORDS.get(language, frozenset()) or not any(map(str.isalpha, form)):
        return True
    return len(form) < 3 and form.isascii()


def is_of_names(form: str) -> bool:
    """Whether a word that says nothing alone may be a part of a name: New York, World Bank, Xi Jinping."""
    return form not in _NEVER_IN_NAMES and any(map(str.isalpha, form))
