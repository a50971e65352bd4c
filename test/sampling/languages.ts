/*
 * Short lines of two languages, written for these tests: about everyday things, in small letters.
 */

export const ENGLISH = `
the train to the city leaves at seven in the morning
she opened the window and looked at the rain
we have been waiting here for more than an hour
my brother would like to buy a new bicycle
the children are playing football behind the house
there is nothing better than a cup of hot tea
he forgot his keys on the kitchen table again
what do you think about the weather this week
they went for a walk along the river yesterday
could you please tell me where the station is
i have never seen such a beautiful garden before
the old man told us a story about the sea
our teacher asked everybody to write a short letter
it was too dark to read without a lamp
the shop on the corner sells bread and fresh fruit
you should always look both ways before you cross the street
the dog barked when the postman came to the door
she has worked in this office since last summer
nobody knew the answer to that question
the book which you gave me was very interesting
i would rather stay at home and watch a film tonight
the mountains were covered with snow until may
he speaks three languages and wants to learn another
please turn off the light when you leave the room
the bus was so full that we had to stand
my grandmother bakes the best cake in the whole village
we should meet again next thursday at the same place
that was the first time they travelled by ship
the cat likes to sleep on the warm stove
every night he writes down what happened during the day
some people believe everything that they hear
the water in the lake is cold but very clear
there were only two chairs left in the waiting room
she thought about the future and smiled
his father built this wooden house with his own hands
after the storm the whole street was full of leaves
how much does a ticket for this concert cost
we could hear the music from the other side of the square
the baker gets up while all the others are still asleep
i am looking for a present for my little sister
they have painted their kitchen yellow and white
it takes about half an hour to get there on foot
`.trim();

export const GERMAN = `
der zug in die stadt fährt um sieben uhr morgens ab
sie öffnete das fenster und schaute in den regen
wir warten hier schon seit mehr als einer stunde
mein bruder möchte sich ein neues fahrrad kaufen
die kinder spielen hinter dem haus fußball
es gibt nichts besseres als eine tasse heißen tee
er hat seine schlüssel wieder auf dem küchentisch vergessen
was hältst du von dem wetter in dieser woche
gestern gingen sie am fluss entlang spazieren
können sie mir bitte sagen, wo der bahnhof ist
ich habe noch nie einen so schönen garten gesehen
der alte mann erzählte uns eine geschichte vom meer
unsere lehrerin bat alle, einen kurzen brief zu schreiben
es war zu dunkel, um ohne lampe zu lesen
der laden an der ecke verkauft brot und frisches obst
man sollte immer nach beiden seiten schauen, bevor man über die straße geht
der hund bellte, als der briefträger an die tür kam
sie arbeitet seit dem letzten sommer in diesem büro
niemand wusste die antwort auf diese frage
das buch, das du mir gegeben hast, war sehr spannend
ich bleibe heute abend lieber zu hause und sehe einen film
die berge waren bis zum mai mit schnee bedeckt
er spricht drei sprachen und will noch eine lernen
bitte mach das licht aus, wenn du aus dem zimmer gehst
der bus war so voll, dass wir stehen mussten
meine großmutter backt den besten kuchen im ganzen dorf
wir sollten uns nächsten donnerstag am selben ort treffen
das war das erste mal, dass sie mit dem schiff reisten
die katze schläft gern auf dem warmen ofen
jeden abend schreibt er auf, was am tag geschehen ist
manche leute glauben alles, was sie hören
das wasser im see ist kalt, aber sehr klar
im wartezimmer waren nur noch zwei stühle frei
sie dachte an die zukunft und lächelte
sein vater hat dieses holzhaus mit eigenen händen gebaut
nach dem sturm lag die ganze straße voller blätter
wie viel kostet eine karte für dieses konzert
von der anderen seite des platzes konnten wir die musik hören
der bäcker steht auf, während alle anderen noch schlafen
ich suche ein geschenk für meine kleine schwester
sie haben ihre küche gelb und weiß gestrichen
zu fuß braucht man etwa eine halbe stunde dorthin
`.trim();

/** Lines that none of the above has: [English, German]. */
export const HELD_OUT: readonly (readonly [string, string])[] = [
  ["where is the bread", "wo ist das brot"],
  ["we came home very late", "wir kamen sehr spät nach hause"],
  ["this coffee is too strong for me", "dieser kaffee ist mir zu stark"],
  ["he did not say a single word", "er sagte kein einziges wort"],
  ["the moon is shining over the roofs", "der mond scheint über den dächern"],
  ["i need a pair of winter shoes", "ich brauche ein paar winterschuhe"],
  ["she plays the piano every evening", "sie spielt jeden abend klavier"],
  ["they are building a bridge over there", "dort drüben bauen sie eine brücke"],
  ["the soup needs more salt", "in die suppe muss noch salz"],
  ["who has eaten my apple", "wer hat meinen apfel gegessen"],
  ["the farmer has twelve cows", "der bauer hat zwölf kühe"],
  ["close the door behind you", "schließ die tür hinter dir"],
  ["it is getting colder", "es wird immer kälter"],
  ["the clock has stopped", "die uhr ist stehen geblieben"],
  ["you can borrow my umbrella", "du kannst meinen schirm haben"],
  ["there was a long queue at the bank", "vor der bank war eine lange schlange"],
  ["her hair is longer than mine", "ihr haar ist länger als meines"],
  ["thank you for your help", "vielen dank für deine hilfe"],
  ["the bird flew away", "der vogel flog davon"],
  ["we need another plan", "wir brauchen einen anderen plan"],
  ["the doctor will see you now", "der arzt hat jetzt zeit für sie"],
  ["i lost my ticket on the way", "unterwegs habe ich meine karte verloren"],
  ["nothing happened", "nichts ist geschehen"],
  ["his room is always tidy", "sein zimmer ist immer aufgeräumt"],
  ["the horse ran through the field", "das pferd lief durch das feld"],
  ["that cannot be true", "das kann nicht wahr sein"],
  ["both of them were tired", "beide waren müde"],
  ["we shared the last piece", "wir teilten das letzte stück"],
  ["the letter arrived this morning", "der brief kam heute früh an"],
  ["bring me the hammer", "bring mir den hammer"],
];
