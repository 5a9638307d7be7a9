"""Base forms that the dictionary does not give, mostly because it gives a word one base form and knows another."""

from __future__ import annotations

_ENGLISH = """
leaf:leaves life:lives wife:wives thief:thieves half:halves shelf:shelves calf:calves diagnosis:diagnoses axis:axes
basis:bases leave:left feel:felt rise:rose win:won shoot:shot shake:shook swear:swore slay:slew bear:bore bend:bent
break:broke think:thought,thinking go:gone awake:awoken grind:ground ring:rung drink:drunk person:people bad:worse
big:bigger,biggest mean:means follow:following fix:fixing,fixed write:writing find:finding begin:beginning
develop:developed close:closing,closer play:playing hear:hearing flood:flooding flooding:flood,floods,flooded
bomb:bombing,bombings drown:drowning,drownings
"""
_FRENCH = """
nouveau:nouvelle,nouvelles blanc:blanche,blanches faux:fausse,fausses bas:basse,basses fou:folle,folles
favori:favorite,favorites inquiet:inquiète,inquiètes élire:élu,élue,élus,élues mourir:mort,morte,morts,mortes
mettre:mise,mises prendre:prise,prises écrire:écrit,écrite,écrits,écrites produire:produit,produite,produits,produites
réduire:réduit,réduite,réduits,réduites permettre:permis,permise ouvrir:ouvert,ouverte,ouverts,ouvertes
découvrir:découvert,découverte,découverts,découvertes couvrir:couvert,couverte,couverts,couvertes
interdire:interdit,interdite,interdits,interdites atteindre:atteint,atteinte éteindre:éteint,éteinte faire:faits
naître:né,née,nés,nées voir:vu,vue candidat:candidate,candidates député:députée,députées
"""
_SPANISH = """
presidente:presidenta,presidentas alcalde:alcaldesa,alcaldesas rey:reina,reinas bueno:buena,buenas malo:mala,malas
primero:primer morir:muerto,muerta,muertos,muertas decir:dicho,dicha hacer:hecho,hecha,hechos escribir:escrito,escrita
romper:roto,rota cubrir:cubierto,cubierta descubrir:descubierto,descubierta poner:puesto,puesta ver:visto,vista
imprimir:impreso,impresa interno:interna,internas máximo:máxima,máximas mínimo:mínima,mínimas
"""
_PORTUGUESE = """
pai:pais ator:atriz,atrizes rei:rainha,rainhas mau:má,más morrer:morto,morta,mortos,mortas
matar:morto,morta,mortos,mortas fazer:feito,feita,feitos,feitas escrever:escrito,escrita
abrir:aberto,aberta,abertos,abertas pôr:posto,posta eleger:eleito,eleita,eleitos,eleitas
prender:preso,presa,presos,presas suspender:suspenso,suspensa,suspensos,suspensas aceitar:aceito,aceita
entregar:entregue,entregues pagar:pago,paga,pagos,pagas gastar:gasto,gastos ganhar:ganho querer:quer
primeiro:primeira,primeiras quarto:quarta completo:completa,completas barato:barata,baratas
"""
_ITALIAN = """
lavoro:lavori morto:morte morire:morto,morta,morti,morte dire:detto,detta,detti fare:fatto,fatta,fatti
scrivere:scritto,scritta aprire:aperto,aperta,aperti,aperte coprire:coperto,coperta scoprire:scoperto,scoperta,scoperti
mettere:messo,messa prendere:preso,presa,presi,prese vedere:visto,vista,visti eleggere:eletto,eletta,eletti,elette
uccidere:ucciso,uccisa,uccisi,uccise chiudere:chiuso,chiusa,chiusi,chiuse perdere:perso,persa,persi correre:corso
produrre:prodotto,prodotta,prodotti,prodotte ridurre:ridotto,ridotta,ridotti distruggere:distrutto,distrutta,distrutti
primo:prima,prime secondo:seconda,seconde stretto:stretta,strette finanziario:finanziaria,finanziarie bello:begli
grande:gran infermiere:infermiera,infermiere serbo:serba,serbe bulgaro:bulgara,bulgare
"""
_GERMAN = """
fuss:füsse,füssen wunsch:wünsche,wünschen brechen:brach,brachen essen:gegessen entscheiden:entschieden
verlieren:verloren erscheinen:erschienen bieten:geboten fallen:gefallen,fällt
"""
_POLISH = """
rok:lata,lat,latach,latom,latami mieć:ma móc:może
duży:większy,większe,większa,większych,największy,największa,największe mały:mniejszy,mniejsza,mniejsze
zły:gorszy,gorsza,gorsze środek:środki,środków,środkach,środkami warunek:warunki,warunków,warunkach
umrzeć:umiera,umierają zabić:zabito góra:gór,górach,górami cel:celach,celami dane:danych,danymi,danym
ksiądz:księża,księży,księżom nowy:nowa,nowe maj:maja,maju
"""
_UKRAINIAN = """
дитина:діти,дітей,дітям,дітьми,дітях день:дні,дня,днів,дням,днями,днях рада:ради,раді,раду,радою,рад
рівень:рівня,рівні,рівнем боєць:бійці,бійців,бійця,бійцям,бійцями син:синів рух:русі гість:гостей,гостям,гостями
село:сіл коло:кола могти:може,можуть,міг вбити:убили,убито,убив ранити:поранено,поранив поранити:поранено ліс:лісі
мати:матерів рік:роком писати:писала,писали час:часом
"""
_RUSSIAN = """
имя:имени,именем,имена,имён,имен,именами время:времени,временем,времена,времён,времен,временами
начать:начал,начала,начали вынудить:вынужден,вынуждена,вынуждены открыть:открыт,открыта,открыто,открыты
ранить:ранен,ранена,ранены,ранено осудить:осуждён,осужден,осуждены путь:путём,путем судно:суда,судов,судам,судами
"""
_ARABIC = "سوريا:سورية امرأة:نساء,النساء هجوم:هجمات,الهجمات أمريكا:اميركا,أميركا أميركا:امريكا,أمريكا"

_TABLES = {
    "en": _ENGLISH, "fr": _FRENCH, "es": _SPANISH, "pt": _PORTUGUESE, "it": _ITALIAN, "de": _GERMAN, "pl": _POLISH,
    "uk": _UKRAINIAN, "ru": _RUSSIAN, "ar": _ARABIC,
}  # fmt: skip
# People whose feminine noun the dictionary keeps apart, without the last letter: 'casa' must not meet 'caso'.
_PEOPLE = {
    "es": ("as", "ministr candidat diputad abogad herid muert hij niñ maestr secretari refugiad acusad detenid médic"),
    "pt": ("as", "ministr candidat deputad advogad ferid mort filh menin secretári refugiad acusad detid médic"),
    "it": ("e", "ministr candidat deputat avvocat ferit mort figli bambin maestr segretari sindac rifugiat"),
}


def _by_form(language: str) -> dict[str, tuple[str, ...]]:
    bases: dict[str, tuple[str, ...]] = {}
    for group in _TABLES[language].split():
        base, forms = group.split(":")
        for form in forms.split(","):
            bases[form] = (*bases.get(form, ()), base)
    plural, people = _PEOPLE.get(language, ("", ""))
    for person in people.split():
        for form in (f"{person}a", f"{person}{plural}"):
            bases[form] = (*bases.get(form, ()), f"{person}o")
    return bases


_BASES = {language: _by_form(language) for language in _TABLES}
_NONE: dict[str, tuple[str, ...]] = {}


def irregular(form: str, language: str) -> tuple[str, ...]:
    """The base forms of a word in a text, if it is one of these."""
    return _BASES.get(language, _NONE).get(form, ())
