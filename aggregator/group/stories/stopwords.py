"""Words that say nothing of an event: function words, verbs of saying, numbers and times.

What is frequent weighs little anyway, once some days of news are in; these keep it from tying a young window together.
"""

from __future__ import annotations

STOPWORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": """
            a about above according after again against all also am amid among an and another any
            are around as at back be because been before being below between both but by called can
            come could day days did do does doing don down during each even few first for four from
            further gave get gets give given go going good had has have having he her here hers
            herself him himself his how if in into is it its itself just know last least less let
            like made make makes many may me might more most much my myself never new news next no
            nor not now of off on once one only or other our ours ourselves out over own part people
            put re report reported reports said same saw say saying says see seen set she should
            show shows since so some still such take taken takes tell tells than that the their
            theirs them themselves then there these they think this those three through time to
            today told too two under until up use used ve very want wants was way we week well were
            what when where which while who whom why will with within without would year years you
            your yours yourself yourselves
        """,
        "de": """
            aber alle als also am an auch auf aus bei bereits bin bis da dabei damit dann das dass
            dem den der derzeit des die dies diese dieser dieses drei durch ein eine einem einen
            einer eines einige er erst erste ersten es etwa für gab gegen geht gibt haben hat hatte
            heute ihr ihre im in ist ja jahr jahre jahren jetzt kann kein keine könnte laut machen
            macht man mehr mit montag muss nach neue neuen neuer neues nicht noch nun nur ob oder
            ohne sagt sagte sagten sei sein seine seit sich sie sind so soll sollen sollte tag tage
            tagen uhr um und uns unter viele vier vom von vor war was wegen weil weiter weitere wenn
            wer werden wie wieder wir wird wo wollen wurde zu zum zur zwei zwischen über
        """,
        "fr": """
            a afin ainsi alors an année années ans après au aussi aux avait avant avec avoir bien
            car ce cela ces cet cette comme contre dans de depuis des deux dit doit dont du déclaré
            déjà elle elles en encore entre est et eux fait fois il ils je jour jours jusqu la le
            les leur leurs lors lui lundi mais même ne nos notre nous nouveau nouvelle on ont ou où
            par pas peut plus plusieurs pour premier première qu quand quatre que qui sa sans se
            selon sera ses si son sont sous sur tous tout toute toutes trois très un une vers vos
            votre vous était été être
        """,
        "es": """
            a además ahora al ante aseguró así aunque año años bien cada como con contra cual cuando
            cuatro de debe del desde después dice dijo donde dos durante día días el ella ellos en
            entre era es esa ese eso esta este esto está están fue fueron gran ha había han hasta
            hay hizo hoy la las le les lo los lunes me mi mientras mismo muy más nada ni no nos
            nueva nuevo o otra otro para pasado pero por porque primer primera puede que quien se
            según ser será si sido sin sobre solo su sus también tan te tiene todo todos tras tres
            un una uno unos ver vez y ya yo
        """,
        "pt": """
            a afirmou agora ainda ano anos anunciou ao aos após as até com como contra da das de
            dela dele depois deve dia dias disse do dois dos duas durante e ela ele eles em entre
            era essa esse esta este está estão eu foi foram havia hoje há informou isso isto já lhe
            maior mais mas me mesmo muito na nas no nos nova novo não o onde os ou outros para pela
            pelas pelo pelos pode por primeira primeiro qual quando quatro que quem se segundo sem
            sendo ser seu seus sob sobre sua suas são também te tem ter três um uma umas uns vai vez
        """,
        "it": """
            a ad agli ai al alla alle allo anche ancora anni anno avere aveva che chi ci come con
            contro così cui da dagli dai dal dalla dalle dei del della delle dello detto deve di
            dopo dove due durante e ecco ed era essere fa fare fatto giorni giorno gli gran ha hanno
            i ieri il in io la le lei lo loro lui ma mi molto nei nel nella nelle no noi non nuova
            nuovo o oggi ogni ora per perché più poi possono prima primo può quando quanto quattro
            quella quello questa questo se secondo sei sempre si sia solo sono stata stati stato su
            sua sue sugli sul sulla suo suoi tra tre tutte tutti tutto un una uno viene è
        """,
        "nl": """
            aan al alle alleen als bij dag dagen dan dat de den der deze die dit door drie een
            eerste en er gaan gaat geen haar had heb heeft het hij hoe hun ik in is jaar jaren je
            kan maakt maar maken me meer met moeten na naar niet nieuwe nog nu of om onder ons onze
            ook op over te tegen tijdens toch tot twee uit van veel vier volgens voor waar waren was
            wat we weer werd wie worden wordt ze zeggen zegt zei zich zij zijn zo zou zullen
        """,
        "pl": """
            a aby ale bardzo bez by być był była było były będzie będą ci co cztery czy dla dni dnia
            do dodał dwa dwie dziś gdy gdzie go i ich ile im ja jak jako je jednak jego jej jest
            jeszcze już kiedy kilka kto która które którego której który którzy lat lata lub ma mają
            mi mnie może mówi na nad nie niż nowa nowe nowy o od około ona one oni oraz pierwszy po
            pod podał podczas poinformował poinformowała powiedział powiedziała przed przez przy rok
            roku się są ta tak także tam te tego tej ten to trzy tu tych tym w we wie wszystko z za
            ze został została zostało że
        """,
        "uk": """
            а або адже але без був буде будуть була були було бути в вже ви вона вони воно все всі
            від він два дві день для дня днів до ж з за зазначив заявив заявила заявили зі й його
            йому каже коли ми на над не но нова нове новий нових ні о об один одна перший по
            повідомив повідомила повідомили повідомляє при про проти під після раніше року років
            році рік сказав сказала слів стало та так також там те ти тим то той тому три тільки у
            усі хто це цей цього ці час через чи чого чотири ще що щоб як яка який якщо які є і із
            їх їхній її
        """,
        "ru": """
            а без более будет будут бы был была были было быть в вам вас весь во вот время все всех
            вы где год года году да два две день для дней дня до его ее ей ему если есть еще же за
            заявил заявила заявили и из из-за или им их к как когда которая которые который кто лет
            ли между мы на над не него нее нет ни них но новая новое новый новых о об один одна он
            она они оно от отметил первый перед по под после при про ранее раньше рассказал с сам
            свой себя сказал сказала слов со сообщает сообщил сообщила сообщили стало так также там
            то того только том тот три ты у уже чем четыре что чтобы эта эти это этого этот я
        """,
        "ar": """
            أضاف أعلن أكد أمس أن أنه أنها أو أي أيام أيضا إلى إن الأول التي الثاني الذي الذين الى
            اليوم ان او بعد بعض بن به بها بين تم حتى حول حيث خاصة خلال ذلك سنة عام على عليه عن عند
            غير في فيه فيها قال قالت قبل قد كان كانت كل كما لا لدى لم لن له لها ما مع من منذ نحو هذا
            هذه هناك هو هي و وأضاف وأكد وقال وقد ولا ومن يكون يمكن يوم
        """,
    }.items()
}
