module github.com/wgtrace/wgtrace

go 1.26
