/** Emoji by the names that chats share: `:tada:` for 🎉. */

const TABLE = `
grinning 😀 smiley 😃 smile 😄 grin 😁 laughing 😆 sweat_smile 😅 rofl 🤣 joy 😂
slightly_smiling_face 🙂 upside_down_face 🙃 wink 😉 blush 😊 innocent 😇 heart_eyes 😍
star_struck 🤩 kissing_heart 😘 yum 😋 stuck_out_tongue 😛 zany_face 🤪
money_mouth_face 🤑 hugs 🤗 shushing_face 🤫 thinking 🤔 zipper_mouth_face 🤐
raised_eyebrow 🤨 neutral_face 😐 expressionless 😑 smirk 😏 unamused 😒 roll_eyes 🙄
grimacing 😬 relieved 😌 pensive 😔 sleepy 😪 drooling_face 🤤 sleeping 😴 mask 😷
nauseated_face 🤢 sneezing_face 🤧 hot_face 🥵 cold_face 🥶 dizzy_face 😵
exploding_head 🤯 cowboy_hat_face 🤠 partying_face 🥳 sunglasses 😎 nerd_face 🤓
monocle_face 🧐 confused 😕 worried 😟 open_mouth 😮 hushed 😯 astonished 😲 flushed 😳
pleading_face 🥺 fearful 😨 cry 😢 sob 😭 scream 😱 disappointed 😞 sweat 😓 weary 😩
tired_face 😫 yawning_face 🥱 triumph 😤 rage 😡 angry 😠 skull 💀 poop 💩 clown_face 🤡
ghost 👻 alien 👽 robot 🤖 see_no_evil 🙈 hear_no_evil 🙉 speak_no_evil 🙊 heart ❤️
orange_heart 🧡 yellow_heart 💛 green_heart 💚 blue_heart 💙 purple_heart 💜
black_heart 🖤 broken_heart 💔 sparkling_heart 💖 100 💯 boom 💥 dizzy 💫 sweat_drops 💦
dash 💨 zzz 💤 wave 👋 raised_hand ✋ vulcan_salute 🖖 ok_hand 👌 v ✌️ crossed_fingers 🤞
metal 🤘 call_me_hand 🤙 point_left 👈 point_right 👉 point_up 👆 point_down 👇 +1 👍
thumbsup 👍 -1 👎 thumbsdown 👎 fist ✊ facepunch 👊 clap 👏 raised_hands 🙌 open_hands 👐
handshake 🤝 pray 🙏 writing_hand ✍️ muscle 💪 brain 🧠 eyes 👀 shrug 🤷 facepalm 🤦
runner 🏃 dancer 💃 dog 🐶 cat 🐱 mouse 🐭 fox_face 🦊 bear 🐻 panda_face 🐼 lion 🦁 cow 🐮
pig 🐷 frog 🐸 monkey 🐒 chicken 🐔 penguin 🐧 bird 🐦 owl 🦉 wolf 🐺 unicorn 🦄 bee 🐝 bug 🐛
butterfly 🦋 snail 🐌 turtle 🐢 snake 🐍 octopus 🐙 fish 🐟 whale 🐳 dolphin 🐬 elephant 🐘
rose 🌹 sunflower 🌻 seedling 🌱 evergreen_tree 🌲 cactus 🌵 four_leaf_clover 🍀
maple_leaf 🍁 mushroom 🍄 apple 🍎 banana 🍌 watermelon 🍉 strawberry 🍓 cherries 🍒
lemon 🍋 avocado 🥑 tomato 🍅 corn 🌽 bread 🍞 cheese 🧀 hamburger 🍔 fries 🍟 pizza 🍕
taco 🌮 sushi 🍣 ramen 🍜 cookie 🍪 cake 🍰 birthday 🎂 chocolate_bar 🍫 popcorn 🍿 coffee ☕
tea 🍵 beer 🍺 beers 🍻 wine_glass 🍷 champagne 🍾 tada 🎉 confetti_ball 🎊 balloon 🎈
gift 🎁 trophy 🏆 medal_sports 🏅 soccer ⚽ basketball 🏀 tennis 🎾 dart 🎯 video_game 🎮
game_die 🎲 art 🎨 musical_note 🎵 guitar 🎸 headphones 🎧 microphone 🎤 movie_camera 🎥
camera 📷 car 🚗 bus 🚌 train 🚆 bike 🚲 airplane ✈️ rocket 🚀 ship 🚢 house 🏠 office 🏢
earth_africa 🌍 earth_americas 🌎 earth_asia 🌏 moon 🌙 sun ☀️ star ⭐ stars 🌠 cloud ☁️
rainbow 🌈 umbrella ☔ zap ⚡ snowflake ❄️ snowman ⛄ fire 🔥 droplet 💧 ocean 🌊 watch ⌚
hourglass ⌛ alarm_clock ⏰ computer 💻 keyboard ⌨️ phone 📞 battery 🔋 bulb 💡
flashlight 🔦 books 📚 book 📖 newspaper 📰 memo 📝 pencil2 ✏️ email 📧 package 📦
calendar 📅 chart 📈 pushpin 📌 paperclip 📎 scissors ✂️ lock 🔒 unlock 🔓 key 🔑 hammer 🔨
wrench 🔧 gear ⚙️ link 🔗 magnet 🧲 test_tube 🧪 microscope 🔬 telescope 🔭 pill 💊 bomb 💣
bell 🔔 no_bell 🔕 loudspeaker 📢 mag 🔍 warning ⚠️ no_entry ⛔ white_check_mark ✅ x ❌
heavy_check_mark ✔️ question ❓ exclamation ❗ recycle ♻️ sparkles ✨ checkered_flag 🏁
rainbow_flag 🏳️‍🌈 construction 🚧 speech_balloon 💬 thought_balloon 💭 arrow_up ⬆️
arrow_down ⬇️ arrow_left ⬅️ arrow_right ➡️`

const words = TABLE.trim().split(/\s+/)
/** @type {Map<string, string>} emoji by name */
export const emoji = new Map()
for (let at = 0; at < words.length; at += 2) emoji.set(words[at], words[at + 1])

/** Return the names with this part, those that begin with it first. @param {string} part */
export function findNames(part) {
	const names = [...emoji.keys()].filter((name) => name.includes(part))
	return names.sort((a, b) => a.indexOf(part) - b.indexOf(part))
}
