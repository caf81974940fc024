"""What a recogniser that writes freely makes of sound: traditional characters, and sentences that nobody said."""

from voicedesk.speech.fits import FreeHearing

NO_SPEECH, LEAST_SCORE = 0.6, -1.0
"""The limits of Whisper's authors: a text is invented where the model takes the sound for no speech and is unsure."""
INVENTED = (
    "字幕",
    "谢谢观看",
    "感谢观看",
    "谢谢收看",
    "谢谢大家",
    "订阅",
    "点赞",
    "下期",
    "再见大家",
    "优优独播",
    "明镜",
    "打赏",
    "请不吝",
    "普通话的句子",
)
"""What Whisper writes on silence and music: the subtitles that it learned from ended so. The last of the nets."""
_PAIRS = (
    "請请問问們们這这裡里裏里麼么麽么業业務务會会個个歸归還还說说時时間间監监勞劳動动險险養养啟启諮咨詢询辦办對对"
    "隊队從从話话為为無无廳厅幫帮處处點点線线認认證证調调議议確确復复後后盡尽題题誰谁電电訊讯資资覺觉與与邊边創创"
    "傷伤幾几講讲沒没過过現现給给樣样項项種种舉举實实寶宝東东劉刘許许貴贵緊紧網网視视設设師师讓让謝谢嗎吗聽听見见"
    "號号員员單单補补貼贴開开關关長长門门錯错錢钱銀银際际陽阳離离難难雲云領领頭头顧顾風风飛飞馬马體体當当醫医協协"
    "區区縣县廣广級级統统經经續续繳缴費费賬账戶户報报應应標标檢检權权歡欢決决測测準准災灾熱热狀状獨独產产異异療疗"
    "發发眾众碼码稅税積积臺台灣湾國国學学習习書书記记計计訂订討讨訓训託托訪访評评試试詳详誤误課课論论謀谋識识護护"
    "譽誉變变購购贈赠賠赔質质賓宾負负財财責责貨货販贩貸贷貿贸車车軍军軟软輕轻較较載载輔辅輛辆輸输轉转辭辞農农運运"
    "違违達达遲迟遷迁選选遺遗郵邮鄉乡鄰邻釋释鐘钟鐵铁錄录鍵键鎮镇鏡镜閉闭閱阅隨随隱隐雙双雜杂靜静預预順顺須须頁页"
    "顏颜願愿類类顯显館馆餘余騙骗驗验驚惊魚鱼鳥鸟麗丽黃黄齊齐龍龙龜龟並并來来係系倉仓偉伟側侧備备傳传債债傾倾價价"
    "儀仪億亿優优兒儿內内兩两冊册凍冻劃划則则剛刚劑剂勝胜勢势勵励勸劝匯汇卻却厭厌參参叢丛嘗尝嚴严囑嘱圍围園园圓圆"
    "圖图團团執执堅坚場场塊块塗涂墊垫壓压壞坏壯壮壽寿夠够夾夹奪夺奮奋婦妇媽妈孫孙寧宁審审寫写寬宽將将專专尋寻導导"
    "層层屬属岡冈島岛帳帐帶带幣币幹干庫库廠厂廢废張张強强彈弹彙汇徑径徵征恆恒惡恶愛爱態态慣惯慮虑憂忧憑凭憲宪懷怀"
    "懶懒戀恋戰战戲戏拋抛挾挟捨舍掃扫掛挂採采揀拣揮挥損损換换搶抢搖摇撥拨撫抚擁拥擇择擊击擋挡擔担據据擴扩擾扰攜携"
    "敗败敵敌數数斷断於于昇升晉晋晝昼曆历曉晓條条極极構构槍枪樂乐樓楼樹树橋桥機机橫横檔档櫃柜殘残殺杀氣气漢汉滿满"
    "漲涨漸渐潔洁潛潜澤泽濟济濱滨瀏浏燈灯燒烧爭争爺爷牆墙獎奖獲获環环畢毕畫画瘋疯盤盘盧卢睜睁礙碍礎础禮礼稱称穩稳"
    "窮穷竊窃競竞筆笔節节範范築筑篩筛簡简簽签籃篮粵粤糧粮糾纠紀纪約约紅红納纳純纯紙纸組组細细終终結结絕绝絡络維维"
    "綜综綠绿練练緩缓編编緣缘總总績绩織织繞绕繼继罰罚罷罢羅罗義义聯联聲声職职脫脱腦脑膽胆臉脸臨临舊旧葉叶蓋盖蔣蒋"
    "薩萨藝艺藥药蘇苏蘭兰虛虚術术衛卫衝冲裝装複复襯衬規规親亲觀观觸触訴诉診诊詐诈詞词該该誠诚語语諾诺謂谓譯译讀读"
    "豐丰貝贝貧贫貫贯貳贰賀贺賃赁賴赖趙赵趕赶跡迹踐践躍跃輩辈輪轮辯辩適适鄧邓鄭郑醬酱針针鈔钞鋪铺鋼钢鎖锁鑰钥閃闪"
    "閒闲閘闸闆板陣阵陰阴陳陈陸陆階阶隻只雖虽雞鸡霧雾韓韩韋韦響响頂顶頓顿頗颇頻频顆颗飯饭飲饮飽饱駕驾駐驻騎骑鬆松"
    "鬥斗鬧闹鹽盐麥麦麵面黨党齡龄齒齿"
)
"""Traditional characters, each with its simplified one behind it: those of greetings, departments and their matters."""
_SIMPLIFIED = str.maketrans(dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True)))


def simplified(text: str) -> str:
    """A text in simplified characters: the rules and the names of a hall are written in these."""
    return text.translate(_SIMPLIFIED)


def is_invented(heard: FreeHearing) -> bool:
    """Whether a text was hardly said: the model doubts that there is speech, or it wrote what it often invents."""
    if heard.no_speech >= NO_SPEECH and heard.score < LEAST_SCORE:
        return True
    said = "".join(one for one in simplified(heard.text) if one.isalnum())
    return any(one in said for one in INVENTED)
